//! Pages with content, one for each view.

mod preparation;

use consilium_domain::{
    AccountId, ClockKind, ConsentSigner, ConsultationId, ConsultationKind, ConsultationState, DataCategory,
    DeadlineId, InstanceId, InstitutionId, InvitationState, OpinionId, ReportId, Role, SeriesId, Sex,
    Timestamp, Urgency,
    masking::{Profile, RuleSet},
    permission::RoomRights,
    person::Age,
};
use consilium_protocol::{
    Problem, codes,
    consultation::{
        Act, Clinical, Consent, Consultation, ConsultationRow, MaskedPatient, Opinion, Participant,
    },
    imaging::{Instance, Series},
    live::{Annotation, AnnotationKind, ImageRef, ReportedAnnotation},
    notice::Deadline,
    page::{Locale, Page, View, WorklistQuery},
    preparation::Expert,
    report::{Report, Waiver},
    session::{Institution, Me},
};
use uuid::Uuid;

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

pub(crate) fn now() -> Timestamp {
    at("2026-11-22T14:20:00+08:00")
}

fn institution(n: u8, code: &str, zh: &str, en: &str) -> Institution {
    Institution {
        id: InstitutionId(Uuid::from_u128(u128::from(n))),
        code: code.into(),
        name_zh: zh.into(),
        name_en: en.into(),
        colour: n,
    }
}

fn lead() -> Institution {
    institution(1, "lead", "省立第一医院", "First Provincial Hospital")
}
fn east() -> Institution {
    institution(2, "east", "东方医院", "East Hospital")
}
fn west() -> Institution {
    institution(3, "west", "西山医院", "West Hill Hospital")
}

fn patient(name: &str, sex: Sex, years: u32) -> MaskedPatient {
    MaskedPatient {
        platform_id: "7f3a91c2be4405d1aa07c3f6e9d2b814".into(),
        name: RuleSet::builtin().name(Profile::Exchange, name),
        sex,
        age: Some(Age { months: years * 12 }),
        number: Some(RuleSet::builtin().number(Profile::Exchange, "11010519491231002X")),
        phone: Some(RuleSet::builtin().phone(Profile::Exchange, "13800138000")),
        ethnicity: "汉族".into(),
        native_place: "山东济南".into(),
        minor: years < 14,
        infectious: false,
    }
}

fn participant(of: Institution, state: InvitationState, opinion: bool) -> Participant {
    let answered = state != InvitationState::Delivered;
    Participant {
        institution: of,
        state: Some(state),
        due_at: Some(at("2026-11-22T13:08:00+08:00")),
        answered_at: answered.then(|| at("2026-11-21T16:32:00+08:00")),
        can_provide: if answered {
            vec![DataCategory::Imaging, DataCategory::LabExam]
        } else {
            vec![]
        },
        reason: None,
        data_from: None,
        experts: if answered { experts() } else { vec![] },
        delivered_at: Some(at("2026-11-21T13:08:00+08:00")),
        answer_under_way: false,
        opinion_submitted: opinion,
    }
}

pub(crate) fn experts() -> Vec<Expert> {
    let one = |n: u8, name: &str, booked: Option<&str>| Expert {
        account_id: AccountId(Uuid::from_u128(0x3100 + u128::from(n))),
        name: name.into(),
        department: "神经外科".into(),
        title: "主任医师".into(),
        double_booked: booked.map(ToOwned::to_owned),
    };
    vec![one(1, "林专家", None), one(2, "何专家", Some("HZ-20261122-0007"))]
}

/// Deadlines of the consultation `n`: one that runs, one that has passed.
fn deadlines(n: u8) -> Vec<Deadline> {
    let one = |k: u8, kind, institution: Institution, due: &str| Deadline {
        id: DeadlineId(Uuid::from_u128(0x7000 + u128::from(k))),
        kind,
        consultation_id: ConsultationId(Uuid::from_u128(0x1000 + u128::from(n))),
        number: format!("HZ-20261122-{n:04}"),
        institution,
        started_at: at("2026-11-21T13:08:00+08:00"),
        due_at: at(due),
        overdue: at(due) < now(),
        paused: false,
        link: format!("/consultations/{}/data", Uuid::from_u128(0x1000 + u128::from(n))),
    };
    vec![
        one(
            1,
            ClockKind::InvitationAnswer,
            west(),
            "2026-11-22T13:08:00+08:00",
        ),
        one(2, ClockKind::DataProvision, east(), "2026-11-22T18:00:00+08:00"),
        one(3, ClockKind::Correction, lead(), "2026-11-22T22:00:00+08:00"),
    ]
}

fn row(n: u8, state: ConsultationState, allowed: Vec<Act>, due_at: Option<Timestamp>) -> ConsultationRow {
    use InvitationState as I;
    let names = ["张建国", "李梅", "王小明", "陈敏", "欧阳文"];
    let diagnoses = [
        "左额叶占位，胶质瘤待排",
        "重症肺炎，呼吸衰竭",
        "复杂先天性心脏病术前讨论",
        "胰头肿块",
        "<script>alert(1)</script>",
    ];
    let index = usize::from(n) % 5;
    let participants = match state {
        ConsultationState::Inviting => vec![
            participant(east(), I::Accepted, false),
            participant(west(), I::Delivered, false),
        ],
        ConsultationState::Summarising | ConsultationState::Concluded => vec![
            participant(east(), I::Accepted, true),
            participant(west(), I::Accepted, false),
        ],
        _ => vec![
            participant(east(), I::Accepted, false),
            participant(west(), I::Accepted, false),
        ],
    };
    ConsultationRow {
        id: ConsultationId(Uuid::from_u128(0x1000 + u128::from(n))),
        number: format!("HZ-20261122-{n:04}"),
        kind: ConsultationKind::ALL[index % 3],
        urgency: if n == 1 { Urgency::Urgent } else { Urgency::Routine },
        state,
        patient: patient(
            names[index],
            if n.is_multiple_of(2) {
                Sex::Male
            } else {
                Sex::Female
            },
            [58, 34, 6, 61, 47][index],
        ),
        preliminary_diagnosis: diagnoses[index].into(),
        lead: lead(),
        participants,
        scheduled_at: at("2026-11-22T14:00:00+08:00"),
        my_move: allowed
            .first()
            .is_some_and(|act| !matches!(act, Act::EnterRoom | Act::ReadReport | Act::Cancel)),
        allowed,
        due_at,
        updated_at: now(),
    }
}

fn opinion(n: u8, of: Institution, author: &str, department: &str, text: &str) -> Opinion {
    Opinion {
        id: OpinionId(Uuid::from_u128(0x2000 + u128::from(n))),
        author_id: AccountId(Uuid::from_u128(0x3000 + u128::from(n))),
        author: author.into(),
        department: department.into(),
        institution: of,
        version: 1,
        text: text.into(),
        dissent: n == 2,
        cites: vec!["图 1".into()],
        submitted_at: at("2026-11-22T14:19:00+08:00"),
        content_hash: "ab".repeat(32),
        signature_valid: true,
        superseded: false,
        in_revision: false,
    }
}

fn opinions() -> Vec<Opinion> {
    vec![
        opinion(
            1,
            east(),
            "林专家",
            "神经外科",
            "左额叶占位伴轻度水肿，最大径约 46 mm，建议增强 MR 与 DTI 后评估功能区关系，倾向手术。",
        ),
        opinion(
            2,
            lead(),
            "周专家",
            "肿瘤科",
            "亦需除外转移 </script><b>x</b>，建议全身检查后再定。",
        ),
    ]
}

pub(crate) fn consultation(n: u8, state: ConsultationState, allowed: Vec<Act>) -> Consultation {
    let due_at = (state == ConsultationState::Inviting).then(|| at("2026-11-22T18:00:00+08:00"));
    let ended = matches!(
        state,
        ConsultationState::Summarising | ConsultationState::Concluded
    );
    Consultation {
        row: row(n, state, allowed, due_at),
        clinical: Clinical {
            preliminary_diagnosis: "左额叶占位，胶质瘤待排".into(),
            diagnosis_code: "D43.0".into(),
            need: "请会诊：占位性质、是否具备手术指征、手术时机与入路。".into(),
            chief_complaint: "头痛 3 周，加重伴右侧肢体无力 2 天。".into(),
            present_illness: "患者 3 周前无明显诱因出现头痛，呈持续性胀痛，晨起明显。".into(),
            past_history: "高血压病史 10 年，规律服药。".into(),
            treatment: "甘露醇 125 ml q8h，地塞米松 5 mg q12h。".into(),
            lab_summary: "血常规、凝血功能未见异常。".into(),
            physical_exam: "神清，右上肢肌力 4 级，右侧巴氏征阳性。".into(),
            ..Clinical::default()
        },
        duration_minutes: 60,
        wanted: vec![DataCategory::Imaging, DataCategory::LabExam],
        consent: Some(Consent {
            signer: ConsentSigner::Patient,
            text_version: "2026-01".into(),
        }),
        started_at: ended.then(now),
        ended_at: ended.then(now),
        opinions: if ended { opinions() } else { vec![] },
        room: RoomRights::default(),
        people: Vec::new(),
        suspended_from: None,
        override_reason: None,
        paused_at: None,
        pause_reason: None,
        package: None,
        deadlines: deadlines(n),
        version: 1,
    }
}

fn series() -> Vec<Series> {
    let one = |n: u8, of: Institution, modality: &str, text: &str, count: u128| Series {
        id: SeriesId(Uuid::from_u128(0x4000 + u128::from(n))),
        institution: of,
        modality: modality.into(),
        number: i32::from(n),
        description: text.into(),
        body_part: "HEAD".into(),
        received_at: now(),
        instances: (0..count)
            .map(|k| Instance {
                id: InstanceId(Uuid::from_u128(0x5000 + k)),
                meta: serde_json::Value::Null,
            })
            .collect(),
    };
    vec![
        one(1, lead(), "CT", "头颅平扫 5.0", 28),
        one(2, east(), "MR", "T2 FLAIR", 24),
    ]
}

fn report() -> Report {
    let concluded = row(
        0,
        ConsultationState::Concluded,
        vec![Act::ReadReport, Act::EnterRoom],
        None,
    );
    let image = ImageRef {
        series: SeriesId(Uuid::from_u128(0x4001)),
        instance: InstanceId(Uuid::from_u128(0x5000)),
        frame: 0,
    };
    Report {
        id: ReportId(Uuid::from_u128(0x6000)),
        consultation_id: concluded.id,
        version: 1,
        consultation: concluded,
        session: (
            Some(at("2026-11-22T14:00:00+08:00")),
            Some(at("2026-11-22T14:52:00+08:00")),
        ),
        override_reason: Some("急诊手术，西山医院影像随后补充。".into()),
        package: None,
        conclusion: "左额叶占位性病变，高级别胶质瘤可能性大，待病理。多数意见建议增强 MR 与 DTI 后手术。"
            .into(),
        diagnosis_code: "C71.1".into(),
        advice:
            "1. 48 小时内完成增强 MR、DTI、fMRI。\n2. 地塞米松 5 mg q12h。\n3. 一周内多学科复议手术方案。"
                .into(),
        opinions: opinions(),
        waivers: vec![Waiver {
            institution_id: west().id,
            reason: "专家临时急诊手术，电话中同意多数意见。".into(),
        }],
        annotations: vec![ReportedAnnotation {
            author: "林专家".into(),
            institution: east(),
            id: "图 1".into(),
            annotation: Annotation {
                kind: AnnotationKind::Length,
                image,
                points: vec![[10.0, 10.0], [90.0, 40.0]],
                label: "最大径".into(),
                at_ms: 0,
            },
            value: "46.2 mm".into(),
            place: "CT 头颅平扫 5.0，第 15 幅".into(),
            at: now(),
        }],
        signed_by: "赵主任".into(),
        signed_at: at("2026-11-22T15:06:00+08:00"),
        content_hash: "9f".repeat(32),
        check_code: "K7QF-2M9D".into(),
        signature_valid: true,
    }
}

pub(crate) fn me(role: Role) -> Me {
    Me {
        account_id: AccountId(Uuid::from_u128(0x3001)),
        username: "lead.admin".into(),
        display_name: "孙协调".into(),
        role,
        department: "远程医疗中心".into(),
        institution: lead(),
        expires_at: at("2026-11-22T23:00:00+08:00"),
    }
}

/// Every view, named.
pub(crate) fn pages(locale: Locale) -> Vec<(&'static str, Page)> {
    use ConsultationState as S;
    let page = |role: Option<Role>, path: &str, view: View| Page {
        locale,
        now: now(),
        me: role.map(me),
        path: path.to_owned(),
        unread: 3,
        view,
    };
    let admin = Some(Role::Admin);
    let rows = vec![
        row(
            0,
            S::Inviting,
            vec![Act::Cancel],
            Some(at("2026-11-22T13:08:00+08:00")),
        ),
        row(
            1,
            S::Preparing,
            vec![Act::Ready, Act::Upload],
            Some(at("2026-11-22T18:00:00+08:00")),
        ),
        row(2, S::InSession, vec![Act::EnterRoom, Act::End], None),
        row(
            3,
            S::Summarising,
            vec![Act::Sign],
            Some(at("2026-11-22T15:12:00+08:00")),
        ),
        row(4, S::Concluded, vec![Act::ReadReport], None),
    ];
    let view = |n, state, allowed| View::Consultation {
        consultation: Box::new(consultation(n, state, allowed)),
        series: series(),
        progress: preparation::progress(),
        experts: experts(),
    };
    let mut pages = vec![
        (
            "sign-in",
            page(
                None,
                "/sign-in",
                View::SignIn {
                    refused: true,
                    next: "/".into(),
                },
            ),
        ),
        (
            "worklist",
            page(
                admin,
                "/",
                View::Worklist {
                    rows,
                    more: false,
                    may_create: true,
                    query: WorklistQuery::default(),
                },
            ),
        ),
        (
            "worklist-empty",
            page(
                admin,
                "/",
                View::Worklist {
                    rows: vec![],
                    more: false,
                    may_create: true,
                    query: WorklistQuery::default(),
                },
            ),
        ),
        (
            "new",
            page(
                admin,
                "/consultations/new",
                View::NewConsultation {
                    institutions: vec![east(), west()],
                    kinds: ConsultationKind::ALL.to_vec(),
                    draft: None,
                    consent_version: "2026-01".into(),
                },
            ),
        ),
        (
            "consultation",
            page(
                admin,
                "/consultations/x",
                view(
                    0,
                    S::Preparing,
                    vec![Act::Ready, Act::Upload, Act::ViewImages, Act::Cancel],
                ),
            ),
        ),
        (
            "consultation-answer",
            page(admin, "/consultations/x", view(0, S::Inviting, vec![Act::Answer])),
        ),
        (
            "conclude",
            page(
                admin,
                "/consultations/x/conclude",
                View::Conclude {
                    consultation: Box::new(consultation(3, S::Summarising, vec![Act::Sign])),
                },
            ),
        ),
        (
            "report",
            page(
                admin,
                "/consultations/x/report",
                View::Report {
                    report: Box::new(report()),
                },
            ),
        ),
        (
            "error",
            page(
                admin,
                "/x",
                View::Error {
                    problem: Problem {
                        kind: "about:blank#not_found".into(),
                        title: String::new(),
                        status: 404,
                        code: codes::NOT_FOUND.into(),
                        request_id: "0198-7c".into(),
                        state: None,
                        errors: vec![],
                    },
                },
            ),
        ),
    ];
    pages.extend(
        preparation::views()
            .into_iter()
            .map(|(name, path, view)| (name, page(admin, path, view))),
    );
    for state in ConsultationState::ALL {
        pages.push((
            state.code(),
            page(admin, "/consultations/x", view(0, *state, vec![])),
        ));
    }
    pages
}

/// The room has its own surroundings.
pub(crate) fn room(locale: Locale) -> Page {
    let consultation = consultation(4, ConsultationState::InSession, vec![Act::EnterRoom]);
    Page {
        locale,
        now: now(),
        me: Some(me(Role::Expert)),
        path: "/consultations/x/room".into(),
        unread: 0,
        view: View::Room {
            consultation: Box::new(consultation),
            series: vec![],
            questions: vec![],
            templates: vec![],
            package: None,
            elements: vec![],
            requests: vec![],
            attachments: vec![],
            call_link: None,
        },
    }
}
