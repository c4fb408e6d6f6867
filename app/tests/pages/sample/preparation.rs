//! Views of the preparation phase with content in every state.

use std::collections::BTreeMap;

use consilium_domain::{
    ConsentSigner, ConsentState, ConsultationState, DataCategory, DataRequestId, DataRequestState,
    GuardianRelation, IssueId, IssueState, ItemId, MessageId, MessageKind, NoticeId, NoticeKind, PackageId,
    PackageState, RecordKind, SubmissionId, SubmissionState, TransferState,
    clock::DataDue,
    element::{Dictionary, ElementValue},
};
use consilium_protocol::{
    consultation::Act,
    exchange::{RuleSetRef, Transfer, TransferList},
    notice::{Notice, NoticeList},
    page::{Progress, View},
    preparation::{
        ConsentRecord, ConsentText, DataRequest, Desk, ElementFinding, FormElement, Guardian, Issue, Item,
        ItemReference, Missing, Package, PackageSummary, Quality, RequestItem, SeriesReference, Share,
        Submission, ValueConflict,
    },
    room::{Attachment, Count, RoomFigures, RoomStatus, RoomStep, StepTimes},
    session::Institution,
};
use uuid::Uuid;

use super::{at, consultation, deadlines, east, lead, now, row, series, west};

pub(super) fn progress() -> Vec<Progress> {
    let one = |institution, met, requests, rows, refused, issues| Progress {
        institution,
        requests_met: met,
        requests,
        overdue: met < requests,
        rows,
        refused,
        issues,
    };
    vec![one(lead(), 0, 0, 12, 0, 0), one(east(), 1, 2, 24, 1, 2)]
}

/// What the server takes from the dictionary.
fn elements() -> Vec<FormElement> {
    Dictionary::builtin()
        .elements()
        .iter()
        .map(|of| FormElement {
            id: of.id.clone(),
            category: of.category,
            kind: of.record,
            name_zh: of.name_zh.clone(),
            name_en: of.name_en.clone(),
            required: of.must_be_given(),
            unit: false,
            chars_max: 0,
            choices: Vec::new(),
        })
        .collect()
}

fn item(n: u8, institution: Institution, kind: RecordKind, values: &[(&str, &str)], wrong: bool) -> Item {
    let elements: BTreeMap<_, _> = values
        .iter()
        .map(|(id, value)| (id.parse().unwrap(), ElementValue::new(*value)))
        .collect();
    Item {
        reference: ItemReference {
            item_id: ItemId(Uuid::from_u128(0x8000 + u128::from(n))),
            kind,
            key: format!("lab-20261121-{n}"),
            version: 1,
            available_at: at("2026-11-21T15:00:00+08:00"),
            hash: "cd".repeat(32),
        },
        category: DataCategory::LabExam,
        institution,
        stored: !wrong,
        superseded: false,
        duplicate: false,
        elements,
        findings: if wrong {
            vec![ElementFinding {
                element: "3.5".parse().unwrap(),
                code: "element.range_inverted".into(),
                error: true,
                seen: "9.5-3.5".into(),
                rule: "reference_range".into(),
            }]
        } else {
            vec![]
        },
        received_at: at("2026-11-21T15:12:00+08:00"),
    }
}

fn items() -> Vec<Item> {
    vec![
        item(
            1,
            east(),
            RecordKind::Lab,
            &[
                ("3.1", "血红蛋白"),
                ("3.3", "132"),
                ("3.4", "g/L"),
                ("3.5", "115-150"),
            ],
            false,
        ),
        item(
            2,
            east(),
            RecordKind::Lab,
            &[
                ("3.1", "白细胞计数"),
                ("3.3", "6.1"),
                ("3.4", "10*9/L"),
                ("3.5", "9.5-3.5"),
            ],
            true,
        ),
    ]
}

fn request(n: u8, institution: Institution, state: DataRequestState, allowed: &[&str]) -> DataRequest {
    DataRequest {
        id: DataRequestId(Uuid::from_u128(0x9000 + u128::from(n))),
        consultation_id: consultation(0, ConsultationState::Preparing, vec![]).row.id,
        institution,
        asked_by: None,
        state,
        items: vec![
            RequestItem {
                category: DataCategory::LabExam,
                description: "近 1 月血常规、肝肾功能".into(),
                required: true,
            },
            RequestItem {
                category: DataCategory::Imaging,
                description: "头颅 MR 平扫加增强".into(),
                required: false,
            },
        ],
        data_from: Some(at("2026-10-22T00:00:00+08:00")),
        reason: "评估手术风险".into(),
        purpose: "treatment".into(),
        due: DataDue {
            target_at: at("2026-11-22T12:00:00+08:00"),
            hard_at: at("2026-11-24T12:00:00+08:00"),
        },
        overdue: state == DataRequestState::Extracting,
        sent_at: Some(at("2026-11-21T12:00:00+08:00")),
        refused_code: (state == DataRequestState::Refused).then(|| "data_request.out_of_range".into()),
        answer_reason: None,
        allowed: allowed.iter().map(|of| (*of).to_owned()).collect(),
        version: 1,
    }
}

fn issue(n: u8, state: IssueState, allowed: &[&str]) -> Issue {
    Issue {
        id: IssueId(Uuid::from_u128(0xa000 + u128::from(n))),
        consultation_id: consultation(0, ConsultationState::Preparing, vec![]).row.id,
        institution: east(),
        item_id: items()[1].reference.item_id,
        kind: RecordKind::Lab,
        key: "lab-20261121-2".into(),
        element: "3.5".parse().unwrap(),
        seen: "9.5-3.5".into(),
        rule: "reference_range".into(),
        reason: "参考范围上下限颠倒".into(),
        state,
        automatic: true,
        created_at: at("2026-11-22T09:00:00+08:00"),
        due_at: Some(at("2026-11-22T21:00:00+08:00")),
        overdue: false,
        corrected_by: None,
        answer_reason: None,
        allowed: allowed.iter().map(|of| (*of).to_owned()).collect(),
    }
}

fn desk() -> Desk {
    use DataRequestState as R;
    Desk {
        requests: vec![
            request(1, east(), R::Submitted, &["accept", "return", "cancel"]),
            request(2, east(), R::Extracting, &["cancel"]),
            request(3, west(), R::Refused, &[]),
        ],
        submissions: vec![Submission {
            id: SubmissionId(Uuid::from_u128(0xb001)),
            consultation_id: consultation(0, ConsultationState::Preparing, vec![]).row.id,
            request_id: None,
            institution: east(),
            state: SubmissionState::Accepted,
            stored: 1,
            refused: 1,
            duplicates: 1,
            created_at: at("2026-11-21T15:12:00+08:00"),
            manifest_hash: "ef".repeat(32),
            items: items(),
            not_taken: vec![consilium_protocol::FieldError::new("line 17", "element.unknown")],
        }],
        issues: vec![
            issue(1, IssueState::Corrected, &["verify", "reject", "waive"]),
            issue(2, IssueState::Verified, &[]),
        ],
        packages: vec![],
        elements: elements(),
        deadlines: deadlines(0),
        may_submit: true,
        may_request: true,
    }
}

fn share(part: u64, whole: u64) -> Share {
    Share { part, whole }
}

fn quality(core: Share, in_time: Share) -> Quality {
    Quality {
        core,
        non_core: share(41, 42),
        explained_missing: 1,
        errors: share(0, 400),
        consistent: share(11, 12),
        in_time,
        delay_p95_ms: Some(11 * 60_000),
        delay_max_ms: Some(95 * 60_000),
    }
}

fn package(state: PackageState, complete: bool) -> Package {
    let core = if complete {
        share(420, 420)
    } else {
        share(410, 420)
    };
    Package {
        id: PackageId(Uuid::from_u128(0xc001)),
        consultation_id: consultation(0, ConsultationState::Preparing, vec![]).row.id,
        number: "HZ-20261122-0000".into(),
        version: 2,
        state,
        created_at: at("2026-11-22T13:00:00+08:00"),
        frozen_at: complete.then(|| at("2026-11-22T13:30:00+08:00")),
        manifest_hash: if complete { "7a".repeat(32) } else { String::new() },
        rules: RuleSetRef {
            version: "2026-01".into(),
            hash: "5c".repeat(32),
        },
        dictionary_version: "1.0".into(),
        quality: quality(core, share(23, 24)),
        by_category: vec![
            (DataCategory::PatientBasics, quality(share(60, 60), share(0, 0))),
            (DataCategory::LabExam, quality(share(230, 240), share(23, 24))),
        ],
        by_institution: vec![
            (lead(), quality(share(180, 180), share(0, 0))),
            (east(), quality(share(230, 240), share(23, 24))),
        ],
        missing: if complete {
            vec![]
        } else {
            vec![
                Missing {
                    key: "lab-20261121-2".into(),
                    element: "3.5".parse().unwrap(),
                    core: true,
                    institution: east(),
                    code: Some("element.range_inverted".into()),
                },
                Missing {
                    key: String::new(),
                    element: "4.1".parse().unwrap(),
                    core: true,
                    institution: west(),
                    code: None,
                },
            ]
        },
        conflicts: vec![ValueConflict {
            code: "血红蛋白".into(),
            at: Some(at("2026-11-21T08:00:00+08:00")),
            values: vec![(lead(), "132 g/L".into()), (east(), "123 g/L".into())],
            items: vec![items()[0].reference.item_id],
        }],
        issues_open: 1,
        complete,
        stale: complete,
        override_reason: complete.then(|| "急诊手术，西山医院影像随后补充。".into()),
        items: items(),
        series: vec![SeriesReference {
            series_id: series()[0].id,
            institution: lead(),
            modality: "CT".into(),
            description: "头颅平扫 5.0".into(),
            instances: 28,
            hash: "1f".repeat(32),
        }],
        attachments: vec![Attachment {
            id: Uuid::from_u128(9).into(),
            institution: east(),
            added_by_name: "林若溪".into(),
            name: "心电图.pdf".into(),
            media: "application/pdf".into(),
            bytes: 84_210,
            sha256: "2e".repeat(32),
            added_at: now(),
        }],
        allowed: if complete {
            vec!["validate".into()]
        } else {
            vec!["validate".into(), "freeze".into()]
        },
    }
}

fn versions() -> Vec<PackageSummary> {
    [(2, PackageState::Frozen), (1, PackageState::Superseded)]
        .into_iter()
        .map(|(version, state)| PackageSummary {
            id: PackageId(Uuid::from_u128(0xc000)),
            version,
            state,
            frozen_at: Some(at("2026-11-22T13:30:00+08:00")),
            manifest_hash: "7a".repeat(32),
            core: share(420, 420),
            non_core: share(41, 42),
            items: 24,
        })
        .collect()
}

fn texts() -> Vec<ConsentText> {
    vec![ConsentText {
        version: "2026-02".into(),
        zh: "一、您的病历资料将在参与会诊的医院之间使用，仅用于本次诊疗。\n二、姓名、证件号、电话和住址在发出前脱敏。\n三、您可以随时撤回。".into(),
        en: "1. Your records are used by the hospitals of this consultation, for treatment only.\n2. Name, document number, phone and address are masked.\n3. You can withdraw at any time.".into(),
    }]
}

fn consent(state: ConsentState) -> ConsentRecord {
    let signed = matches!(state, ConsentState::Active | ConsentState::Inactive);
    let allowed: &[&str] = match state {
        ConsentState::Active => &["sign", "withdraw"],
        _ => &["propose", "sign", "reject"],
    };
    ConsentRecord {
        state,
        text_version: "2026-02".into(),
        text: String::new(),
        signer: ConsentSigner::Guardian,
        guardian: signed.then(|| Guardian {
            name: "王*".into(),
            relation: Some(GuardianRelation::Parent),
            phone: "138****8000".into(),
        }),
        purpose: "treatment".into(),
        signed_at: signed.then(|| at("2026-11-20T10:00:00+08:00")),
        valid_until: signed.then(|| at("2027-02-18T10:00:00+08:00")),
        form_sha256: signed.then(|| "3e".repeat(32)),
        withdrawn: (state == ConsentState::Inactive)
            .then(|| (at("2026-11-22T10:00:00+08:00"), "家属要求撤回".into())),
        guardian_needed: true,
        allowed: allowed.iter().map(|of| (*of).to_owned()).collect(),
    }
}

/// One notice of every kind.
fn notices() -> NoticeList {
    let items = NoticeKind::ALL
        .iter()
        .zip(1_u128..)
        .map(|(kind, n)| Notice {
            id: NoticeId(Uuid::from_u128(0xd000 + n)),
            kind: *kind,
            consultation_id: None,
            number: "HZ-20261122-0001".into(),
            institution: Some(east()),
            clock: Some(consilium_domain::ClockKind::DataProvision),
            at: Some(at("2026-11-22T18:00:00+08:00")),
            code: (*kind == NoticeKind::TransferFailed).then(|| "service.unavailable".into()),
            item: Some(if *kind == NoticeKind::TransferFailed {
                "submission".into()
            } else {
                "3.5".into()
            }),
            link: "/consultations/x/data".into(),
            created_at: at("2026-11-22T14:01:00+08:00"),
            read_at: (n > 3).then(|| at("2026-11-22T14:05:00+08:00")),
        })
        .collect();
    NoticeList {
        items,
        unread: 3,
        next_cursor: Some("1.x".into()),
    }
}

/// One delivery in every state.
fn transfers() -> TransferList {
    let items = TransferState::ALL
        .iter()
        .zip(1_u32..)
        .zip(MessageKind::ALL.iter().skip(1))
        .map(|((state, n), kind)| Transfer {
            id: MessageId(Uuid::from_u128(0xe000 + u128::from(n))),
            consultation_id: consultation(0, ConsultationState::Preparing, vec![]).row.id,
            number: "HZ-20261122-0001".into(),
            to: if n.is_multiple_of(2) { east() } else { west() },
            kind: *kind,
            state: *state,
            tries: n % 4,
            run: if n == 5 { 2 } else { 1 },
            created_at: at("2026-11-22T14:01:00+08:00"),
            next_at: Some(at("2026-11-22T14:21:00+08:00")),
            delivered_at: (*state == TransferState::Delivered).then(|| at("2026-11-22T14:02:00+08:00")),
            cause: (*state == TransferState::Failed).then(|| "service.unavailable".into()),
            held: *state == TransferState::Queued,
            may_resend: *state == TransferState::Failed,
            may_abandon: *state == TransferState::Failed,
        })
        .collect();
    TransferList {
        items,
        failed: 1,
        suspended_since: Some(at("2026-11-22T13:50:00+08:00")),
        next_cursor: None,
    }
}

pub(super) fn views() -> Vec<(&'static str, &'static str, View)> {
    let case = |allowed| Box::new(row(0, ConsultationState::Preparing, allowed, None));
    let data = |desk| View::Data {
        consultation: case(vec![Act::Data, Act::Upload]),
        desk: Box::new(desk),
        series: series(),
    };
    let packaged = |package: Option<Package>, versions| View::Package {
        consultation: case(vec![Act::Ready, Act::Package]),
        package: package.map(Box::new),
        versions,
        elements: elements(),
    };
    let consented = |state| View::Consent {
        consultation: case(vec![Act::Consent]),
        record: Some(Box::new(consent(state))),
        texts: texts(),
    };
    vec![
        (
            "late",
            "/late",
            View::Late {
                deadlines: deadlines(0),
            },
        ),
        ("late-empty", "/late", View::Late { deadlines: vec![] }),
        ("notices", "/notices", View::Notices { list: notices() }),
        (
            "notices-empty",
            "/notices",
            View::Notices {
                list: NoticeList::default(),
            },
        ),
        ("transfers", "/transfers", View::Transfers { list: transfers() }),
        ("rooms", "/operations/rooms", rooms()),
        ("data", "/consultations/x/data", data(desk())),
        ("data-empty", "/consultations/x/data", data(Desk::default())),
        (
            "package",
            "/consultations/x/package",
            packaged(Some(package(PackageState::Validated, false)), vec![]),
        ),
        (
            "package-frozen",
            "/consultations/x/package",
            packaged(Some(package(PackageState::Frozen, true)), versions()),
        ),
        ("package-none", "/consultations/x/package", packaged(None, vec![])),
        (
            "consent-active",
            "/consultations/x/consent",
            consented(ConsentState::Active),
        ),
        (
            "consent-draft",
            "/consultations/x/consent",
            consented(ConsentState::Draft),
        ),
        (
            "consent-inactive",
            "/consultations/x/consent",
            consented(ConsentState::Inactive),
        ),
    ]
}

/// The live rooms as operators see them.
fn rooms() -> View {
    let status = |private: bool| RoomStatus {
        number: "HZ-20261122-0001".to_owned(),
        private,
        connections: 12,
        seq: 4711,
        document_bytes: 267_000,
        unwritten: 0,
        queue_frames: 3,
        queue_bytes: 1_204,
        refused: 1,
        resyncs: 0,
        read_only: private,
    };
    let times = |step| StepTimes {
        step,
        count: 4_711,
        p50_us: Some(412),
        p95_us: (step != RoomStep::Commit).then_some(12_030),
    };
    View::Rooms {
        figures: Box::new(RoomFigures {
            at: now(),
            rooms_in_memory: 2,
            connections: 13,
            read_only: 1,
            queue_frames: 3,
            queue_bytes: 1_204,
            changes: 4_711,
            log_bytes: 1_250_000,
            times: [RoomStep::Apply, RoomStep::Commit, RoomStep::Broadcast]
                .map(times)
                .to_vec(),
            refused: vec![Count {
                reason: "live.not_yours".to_owned(),
                count: 1,
            }],
            resyncs: vec![],
            rooms: vec![status(false), status(true)],
        }),
    }
}
