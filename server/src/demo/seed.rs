//! Filling an empty demo through the services.

use std::{collections::HashMap, net::IpAddr};

use anyhow::Context as _;
use bytes::Bytes;
use consilium_domain::{
    ConsentSigner, ConsultationId, DataCategory, DataRequestId, InstitutionId, Sex, consultation::Command,
    element::Record, invitation::Answer, preparation::data_request,
};
use consilium_imaging::phantom::{self, Options, PhantomPatient};
use consilium_ledger::UNKNOWN_DEVICE;
use consilium_protocol::{
    consultation::{AnswerInput, Consent, ConsultationInput, OpinionInput},
    page::Locale,
    preparation::{RequestInput, RequestItem, SubmissionInput},
    report::{ReportInput, Waiver},
};
use consilium_storage::{Account, Institution};
use consilium_vault::TotpSecret;
use uuid::Uuid;

use super::{
    Consultation, User, data, password,
    people::{CASES, Case, INSTITUTIONS, USERS},
};
use crate::{
    admin,
    ctx::{Ctx, Request},
    services::{
        consultations,
        imaging::{self, Incoming},
        invitations, opinions, reports, requests,
        submissions::{self, Media},
    },
    state::App,
};

/// The consultation of the demo that is in session has this many slices of this size.
const PHANTOM: (u32, u32) = (24, 512);

struct Cast {
    app: App,
    institutions: HashMap<&'static str, Institution>,
    accounts: HashMap<&'static str, Account>,
}

impl Cast {
    /// The context of one of the demo's people, as if from this machine.
    fn ctx(&self, username: &str) -> anyhow::Result<Ctx> {
        let account = self
            .accounts
            .get(username)
            .with_context(|| format!("no user {username}"))?
            .clone();
        let institution = self
            .institutions
            .values()
            .find(|i| i.id == account.institution)
            .context("account without institution")?
            .clone();
        let now = self.app.now();
        Ok(Ctx {
            request: Request {
                id: Uuid::now_v7().simple().to_string(),
                ip: IpAddr::from([127, 0, 0, 1]),
                device: UNKNOWN_DEVICE.to_owned(),
                locale: Locale::ZhCn,
                now,
            },
            account,
            institution,
            session: [0; 32],
            expires_at: now,
        })
    }

    fn institution(&self, code: &str) -> anyhow::Result<InstitutionId> {
        self.institutions
            .get(code)
            .map(|i| i.id)
            .with_context(|| format!("no institution {code}"))
    }

    fn case(&self, number: usize) -> anyhow::Result<&'static Case> {
        CASES.get(number).with_context(|| format!("no case {number}"))
    }

    /// A draft of a case, led by the first hospital.
    async fn draft(&self, case: &Case, in_minutes: i64) -> anyhow::Result<ConsultationId> {
        let ctx = self.ctx("lead.admin")?;
        let patient = case.patient();
        let minor = patient
            .birth_date
            .and_then(|b| b.age_at(ctx.now()))
            .is_some_and(|a| a.years() < 14);
        let input = ConsultationInput {
            kind: case.kind,
            urgency: case.urgency,
            patient,
            clinical: case.clinical(),
            scheduled_at: ctx.now().plus_ms(in_minutes * 60_000),
            duration_minutes: 60,
            participants: vec![self.institution("east")?, self.institution("west")?],
            wanted: case.wanted.to_vec(),
            consent: Some(Consent {
                signer: if minor {
                    ConsentSigner::Guardian
                } else {
                    ConsentSigner::Patient
                },
                text_version: "2026-01".to_owned(),
            }),
        };
        Ok(consultations::create(&self.app, &ctx, input).await?.row.id)
    }

    async fn invite(&self, id: ConsultationId) -> anyhow::Result<()> {
        consultations::invite(&self.app, &self.ctx("lead.admin")?, id).await?;
        Ok(())
    }

    async fn accept(&self, id: ConsultationId, username: &str) -> anyhow::Result<()> {
        let answer = Answer::Accept {
            can_provide: vec![DataCategory::Imaging, DataCategory::LabExam],
        };
        let given = AnswerInput {
            answer,
            experts: self.experts_of(username),
            data_from: None,
        };
        invitations::answer(&self.app, &self.ctx(username)?, id, given).await?;
        Ok(())
    }

    /// The expert of the same hospital as a user.
    fn experts_of(&self, username: &str) -> Vec<consilium_domain::AccountId> {
        let home = username.split('.').next().unwrap_or_default();
        self.accounts
            .iter()
            .filter(|(name, _)| **name == format!("{home}.expert"))
            .map(|(_, account)| account.id)
            .collect()
    }

    async fn conduct(&self, id: ConsultationId, command: Command) -> anyhow::Result<()> {
        consultations::conduct(&self.app, &self.ctx("lead.admin")?, id, command, "").await?;
        Ok(())
    }

    /// Rows of data of a user's hospital.
    async fn give(
        &self,
        id: ConsultationId,
        username: &str,
        request_id: Option<DataRequestId>,
        records: Vec<Record>,
    ) -> anyhow::Result<()> {
        let input = SubmissionInput { request_id, records };
        let body = Bytes::from(serde_json::to_vec(&input)?);
        let ctx = self.ctx(username)?;
        submissions::submit(&self.app, &ctx, id, Media::Json, request_id, body).await?;
        Ok(())
    }

    /// The lead asks a hospital for laboratory data.
    async fn ask(&self, id: ConsultationId, code: &str) -> anyhow::Result<DataRequestId> {
        let input = RequestInput {
            institution_id: self.institution(code)?,
            items: vec![RequestItem {
                category: DataCategory::LabExam,
                description: "近一周的血液检验结果".to_owned(),
                required: true,
            }],
            data_from: None,
            reason: "完善会诊所需的检验资料".to_owned(),
            purpose: "treatment".to_owned(),
            draft: false,
        };
        Ok(requests::create(&self.app, &self.ctx("lead.admin")?, id, input)
            .await?
            .id)
    }

    async fn request(
        &self,
        id: ConsultationId,
        username: &str,
        request: DataRequestId,
        command: data_request::Command,
    ) -> anyhow::Result<()> {
        requests::act(&self.app, &self.ctx(username)?, id, request, command, "").await?;
        Ok(())
    }

    /// The lead's own data, and what the second hospital gives on request.
    async fn exchange(&self, id: ConsultationId, number: usize) -> anyhow::Result<()> {
        use data_request::Command as Move;
        let now = self.app.now();
        self.give(id, "lead.operator", None, data::of_lead(number, now))
            .await?;
        let request = self.ask(id, "east").await?;
        self.request(id, "east.admin", request, Move::Verify).await?;
        self.give(id, "east.operator", Some(request), data::of_east(number, now))
            .await?;
        self.request(id, "east.admin", request, Move::Submit).await?;
        self.request(id, "lead.admin", request, Move::Accept).await
    }

    /// Up to where the session can begin. With images the case is complete; without, the lead says why it
    /// goes on.
    async fn session(&self, number: usize, images: bool) -> anyhow::Result<ConsultationId> {
        let case = self.case(number)?;
        // Within the start window, but late enough that no clock of it strikes while it is being made.
        let id = self.draft(case, 60).await?;
        self.invite(id).await?;
        self.accept(id, "east.admin").await?;
        self.accept(id, "west.admin").await?;
        self.exchange(id, number).await?;
        if images {
            self.phantom(id, case).await?;
            let study = data::study(number, self.app.now()).into_iter().collect();
            self.give(id, "lead.operator", None, study).await?;
        }
        let reason = if images {
            ""
        } else {
            "影像资料在院内调阅，会诊中补充。"
        };
        consultations::ready(&self.app, &self.ctx("lead.admin")?, id, reason).await?;
        Ok(id)
    }

    async fn opinion(
        &self,
        id: ConsultationId,
        username: &str,
        text: &str,
        dissent: bool,
    ) -> anyhow::Result<()> {
        let input = OpinionInput {
            text: text.to_owned(),
            dissent,
            cites: Vec::new(),
            supersedes: None,
        };
        opinions::submit(&self.app, &self.ctx(username)?, id, input).await?;
        Ok(())
    }

    async fn phantom(&self, id: ConsultationId, case: &Case) -> anyhow::Result<()> {
        let patient = case.patient();
        let birth = patient
            .birth_date
            .map(String::from)
            .unwrap_or_default()
            .replace('-', "");
        let source = PhantomPatient {
            id: &patient.record_number,
            issuer: "",
            name: &patient.name,
            birth_date: &birth,
            sex: if patient.sex == Some(Sex::Female) {
                "F"
            } else {
                "M"
            },
        };
        let options = Options {
            size: PHANTOM.1,
            slices: PHANTOM.0,
            ..Options::default()
        };
        let ctx = self.ctx("lead.operator")?;
        for (index, object) in phantom::series(&options, &source)?.into_iter().enumerate() {
            let file = Incoming {
                file_name: format!("{:03}.dcm", index + 1),
                bytes: Bytes::from(object),
                confirm_patient: false,
            };
            imaging::upload(&self.app, &ctx, id, file).await?;
        }
        Ok(())
    }
}

/// Makes institutions, accounts and consultations.
pub(super) async fn fill(app: &App) -> anyhow::Result<Vec<User>> {
    let mut cast = Cast {
        app: app.clone(),
        institutions: HashMap::new(),
        accounts: HashMap::new(),
    };
    let now = app.now();
    let mut users = Vec::new();
    let mut tx = app.store.begin().await?;
    for demo in INSTITUTIONS {
        let row = Institution {
            id: InstitutionId(Uuid::now_v7()),
            code: demo.code.to_owned(),
            name_zh: demo.name_zh.to_owned(),
            name_en: demo.name_en.to_owned(),
            colour: demo.colour,
            platform: demo.platform,
        };
        tx.insert_institution(&row).await?;
        tx.audit(admin::event(
            now,
            "admin.add_institution",
            format!("institution/{}", row.id),
            &row.id.to_string(),
        ))
        .await?;
        cast.institutions.insert(demo.code, row);
    }
    for demo in USERS {
        let home = cast.institution(demo.institution)?;
        let secrets = (password()?, TotpSecret::new_secret()?);
        let names = (demo.display_name, demo.department);
        let mut made = admin::new_account(&app.store, demo.username, home, demo.role, names, Some(secrets))?;
        made.account.title = demo.title().to_owned();
        made.account.licence = demo.licence();
        tx.insert_account(&made.account).await?;
        tx.audit(admin::event(
            now,
            "admin.add_account",
            format!("account/{}", made.account.id),
            &home.to_string(),
        ))
        .await?;
        users.push(User::new(&made, demo.institution));
        cast.accounts.insert(demo.username, made.account);
    }
    tx.commit().await?;
    scenes(&cast).await?;
    Ok(users)
}

/// One consultation for each thing a newcomer wants to see.
async fn scenes(cast: &Cast) -> anyhow::Result<()> {
    let signed = cast.session(4, false).await?;
    cast.conduct(signed, Command::Start).await?;
    cast.opinion(
        signed,
        "lead.expert",
        "综合病史与现有检查，同意初步诊断，建议按计划完善检查后实施治疗，并密切随访。",
        false,
    )
    .await?;
    cast.opinion(
        signed,
        "east.expert",
        "影像资料支持初步诊断，未见明确远处病灶；建议两周后复查以评估疗效。",
        false,
    )
    .await?;
    cast.conduct(signed, Command::End).await?;
    let detail = consultations::read(&cast.app, &cast.ctx("lead.admin")?, signed).await?;
    let input = ReportInput {
        conclusion: "各中心意见一致，支持初步诊断；目前无急诊手术指征。".to_owned(),
        diagnosis_code: detail.clinical.diagnosis_code.clone(),
        advice: "1. 完善增强检查。2. 按现方案继续治疗。3. 两周后由牵头机构组织复诊。".to_owned(),
        cites: detail.opinions.iter().map(|o| o.id).collect(),
        waivers: vec![Waiver {
            institution_id: cast.institution("west")?,
            reason: "专家临时参加急诊抢救，会后未能提交书面意见。".to_owned(),
        }],
    };
    reports::sign(&cast.app, &cast.ctx("lead.admin")?, signed, input).await?;

    let summing = cast.session(3, false).await?;
    cast.conduct(summing, Command::Start).await?;
    cast.opinion(
        summing,
        "lead.expert",
        "病史与检查基本吻合，建议先完善病理及分期评估，再讨论手术时机。",
        false,
    )
    .await?;
    cast.opinion(
        summing,
        "west.expert",
        "保留意见：不能除外其他原发灶，建议先行全身检查后再定治疗方案。",
        true,
    )
    .await?;
    cast.conduct(summing, Command::End).await?;

    cast.draft(cast.case(5)?, 3 * 24 * 60).await?;
    let preparing = cast.draft(cast.case(2)?, 26 * 60).await?;
    cast.invite(preparing).await?;
    cast.accept(preparing, "east.admin").await?;
    cast.accept(preparing, "west.admin").await?;
    let now = cast.app.now();
    cast.give(preparing, "lead.operator", None, data::of_lead(2, now))
        .await?;
    let asked = cast.ask(preparing, "east").await?;
    cast.request(preparing, "east.admin", asked, data_request::Command::Verify)
        .await?;
    let rows = data::of_east(2, now)
        .into_iter()
        .chain(data::wrong(2, now))
        .collect();
    cast.give(preparing, "east.operator", Some(asked), rows).await?;
    cast.ask(preparing, "west").await?;
    let waiting = cast.draft(cast.case(1)?, 20 * 60).await?;
    cast.invite(waiting).await?;
    cast.accept(waiting, "east.admin").await?;

    let live = cast.session(0, true).await?;
    cast.conduct(live, Command::Start).await?;
    Ok(())
}

/// The consultations there are, newest first.
pub(super) async fn consultations(app: &App) -> anyhow::Result<Vec<Consultation>> {
    let Some(lead) = app.store.reader().institution_by_code("lead").await? else {
        return Ok(Vec::new());
    };
    let found = app.store.reader().consultations_for(lead.id, None, 100).await?;
    Ok(found
        .into_iter()
        .map(|c| Consultation {
            id: c.id.to_string(),
            number: c.number,
            state: c.state.code().to_owned(),
        })
        .collect())
}
