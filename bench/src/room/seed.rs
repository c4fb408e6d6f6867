//! Our side before a run: institutions, accounts, sessions and consultations in session, written through
//! the store as the services leave them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use consilium_domain::{
    AccountId, Clear, ConsultationId, ConsultationState, InstitutionId, InvitationId, InvitationState, Role,
    Timestamp,
};
use consilium_protocol::limits;
use consilium_server::{
    clock::system,
    config::Config,
    demo::people::{CASES, patients},
    run::open_store,
};
use consilium_storage::{Account, AuditEntry, Consultation, Institution, Invitation, Session};
use consilium_vault::{TotpSecret, new_token};
use tempfile::TempDir;
use uuid::Uuid;

use crate::person::admitted;

/// Institutions in every consultation.
const INSTITUTIONS: usize = 10;

/// Who may connect, and to what.
pub(super) struct Seeds {
    /// A data folder to copy.
    template: TempDir,
    /// Account and session cookie of each seat.
    pub(super) people: Vec<(AccountId, String)>,
    /// The rooms.
    pub(super) rooms: Vec<ConsultationId>,
}

/// The configuration of a server on a data folder, HTTPS on `port`.
pub(super) fn config(folder: &Path, port: u16) -> Config {
    let mut config = Config::default();
    config.listen.address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
    config.data.folder = folder.to_owned();
    config
}

impl Seeds {
    /// Seeds a template.
    pub(super) async fn make(rooms: usize, people: usize) -> Result<Self> {
        let template = tempfile::tempdir()?;
        let config = config(template.path(), 0);
        let clock = system();
        let (store, vault) = open_store(&config, &clock).await?;
        let now = clock();
        let password_hash = vault.hash_password("correct horse battery 7 staple")?;
        let mut seeded = Self {
            template,
            people: Vec::with_capacity(people),
            rooms: Vec::with_capacity(rooms),
        };
        let mut tx = store.begin().await?;
        let mut homes = Vec::new();
        for at in 0..INSTITUTIONS {
            let id = InstitutionId(Uuid::now_v7());
            tx.insert_institution(&Institution {
                id,
                code: format!("h{at}"),
                name_zh: format!("第{at}医院"),
                name_en: format!("Hospital {at}"),
                colour: 0,
                platform: at == 0,
            })
            .await?;
            homes.push(id);
        }
        for at in 0..people {
            let id = AccountId(Uuid::now_v7());
            let secret = TotpSecret::new_secret()?;
            tx.insert_account(&Account {
                id,
                username: format!("expert{at}"),
                institution: *homes.get(at % INSTITUTIONS).context("a home")?,
                role: Role::Expert,
                display_name: format!("专家{at}"),
                department: "神经外科".to_owned(),
                title: "主任医师".to_owned(),
                licence: format!("1101{at:011}"),
                password_hash: password_hash.clone(),
                totp_secret: Clear::new(secret.expose().to_vec()),
                totp_last_step: 0,
                failed: 0,
                locked_until: None,
                active: true,
            })
            .await?;
            let (token, token_hash) = new_token()?;
            tx.insert_session(&Session {
                token_hash,
                account: id,
                created_at: now,
                expires_at: now.plus_ms(limits::SESSION_ABSOLUTE_MS),
                last_seen_at: now.plus_ms(30 * 60 * 1000),
                ip: "127.0.0.1".to_owned(),
                device: "bench".to_owned(),
                revoked_at: None,
            })
            .await?;
            seeded.people.push((id, token));
        }
        let first = seeded.people.first().context("somebody")?.0;
        let person = patients(1).pop().context("a patient")?;
        let case = CASES.first().context("a case")?;
        let number = vault.patient_identifier("01", &person.id_number);
        let patient = admitted(&person, *homes.first().context("a lead")?, number, now)?;
        tx.insert_patient(&patient).await?;
        for at in 0..rooms {
            let id = ConsultationId(Uuid::now_v7());
            tx.insert_consultation(&Consultation {
                id,
                number: format!("HZ-20260101-{at:05}"),
                kind: case.kind,
                urgency: case.urgency,
                state: ConsultationState::InSession,
                lead: patient.institution,
                patient: patient.id,
                clinical: serde_json::to_value(case.clinical())?,
                scheduled_at: now,
                duration_minutes: 60,
                chosen: homes.get(1..).unwrap_or_default().to_vec(),
                wanted: case.wanted.to_vec(),
                consent: None,
                started_at: Some(now),
                ended_at: None,
                due_at: None,
                suspended_from: None,
                override_reason: None,
                pause_reason: None,
                paused_at: None,
                created_by: first,
                created_at: now,
                updated_at: now,
                version: 1,
            })
            .await?;
            for home in homes.iter().skip(1) {
                tx.insert_invitation(&accepted(id, *home, first, now)).await?;
            }
            seeded.rooms.push(id);
        }
        tx.audit(AuditEntry {
            at: now,
            operator: first.to_string(),
            operator_name: "bench".to_owned(),
            action: "bench.seed".to_owned(),
            target: "bench".to_owned(),
            result: "ok".to_owned(),
            ip: "127.0.0.1".to_owned(),
            device: "bench".to_owned(),
            institution: patient.institution.to_string(),
            consultation: None,
            request_id: "bench".to_owned(),
        })
        .await?;
        tx.commit().await?;
        store.close().await?;
        Ok(seeded)
    }

    /// A data folder of its own for one run.
    pub(super) fn copy(&self) -> Result<TempDir> {
        let folder = tempfile::tempdir()?;
        copy(self.template.path(), &data(folder.path()))?;
        Ok(folder)
    }
}

/// The data folder within a run's folder.
pub(super) fn data(folder: &Path) -> PathBuf {
    folder.join("data")
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    // Keys are for their owner only.
    std::fs::set_permissions(to, std::fs::metadata(from)?.permissions())?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

fn accepted(
    consultation: ConsultationId,
    institution: InstitutionId,
    by: AccountId,
    when: Timestamp,
) -> Invitation {
    Invitation {
        id: InvitationId(Uuid::now_v7()),
        consultation,
        institution,
        state: InvitationState::Accepted,
        sent_at: when,
        due_at: when,
        answered_at: Some(when),
        answered_by: Some(by),
        can_provide: Vec::new(),
        reason: None,
        delivered_at: Some(when),
        answer_sent_at: None,
        experts: Vec::new(),
        data_from: None,
    }
}
