//! A fresh database with a few people in it, and ways to look behind the repositories.

use std::sync::Arc;

use consilium_domain::{
    AccountId, Clear, ConsultationId, ConsultationKind, ConsultationState, DataCategory, InstitutionId,
    PatientId, Role, Sex, Timestamp, Urgency, person::BirthDate,
};
use consilium_storage::{
    Account, AuditEntry, Consultation, Institution, Patient, PatientIdentity, Store, testing::Postgres,
};
use consilium_vault::Vault;
use sea_orm::{ConnectionTrait, QueryResult, Statement, Value};
use tempfile::TempDir;
use uuid::Uuid;

/// What must be found nowhere.
pub(crate) const NAME: &str = "植入姓名甲";
pub(crate) const ID_NUMBER: &str = "11010519491231002X";
pub(crate) const COMPLAINT: &str = "planted complaint of headache";

pub(crate) const NOW: Timestamp = Timestamp::from_ms(1_790_000_000_000);

pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) folder: TempDir,
    pub(crate) sqlite: bool,
}

impl World {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/consilium.db", folder.path().display());
        Self::open(folder, &url, true).await
    }

    pub(crate) async fn postgres(server: &Postgres) -> Self {
        let url = server.database().await.unwrap();
        Self::open(tempfile::tempdir().unwrap(), &url, false).await
    }

    async fn open(folder: TempDir, url: &str, sqlite: bool) -> Self {
        let vault = Vault::open_or_create(&folder.path().join("keys"), NOW.ms()).unwrap();
        let store = Store::connect(url, Arc::new(vault)).await.unwrap();
        store.migrate().await.unwrap();
        store.ping().await.unwrap();
        Self {
            store,
            folder,
            sqlite,
        }
    }

    /// Adds three institutions (1 to 3), an expert in each (11 to 13), a patient (21) and a consultation
    /// (31) of the first, under one audit record.
    pub(crate) async fn people(&self) {
        let mut tx = self.store.begin().await.unwrap();
        for n in 1..=3 {
            tx.insert_institution(&institution(n)).await.unwrap();
            tx.insert_account(&account(10 + n, n)).await.unwrap();
        }
        tx.insert_patient(&patient(21)).await.unwrap();
        tx.insert_consultation(&consultation(31)).await.unwrap();
        tx.audit(event("demo.load", "demo/1")).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Runs a statement behind the repositories; `?` stands for a value on both databases.
    pub(crate) async fn execute(&self, sql: &str, values: Vec<Value>) -> u64 {
        let [writer, _] = self.store.connections();
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), self.sql(sql), values);
        writer.execute_raw(statement).await.unwrap().rows_affected()
    }

    pub(crate) async fn query(&self, sql: &str, values: Vec<Value>) -> Vec<QueryResult> {
        let [writer, _] = self.store.connections();
        let statement = Statement::from_sql_and_values(writer.get_database_backend(), self.sql(sql), values);
        writer.query_all_raw(statement).await.unwrap()
    }

    fn sql(&self, sql: &str) -> String {
        if self.sqlite {
            return sql.to_owned();
        }
        let mut parts = sql.split('?');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for (n, part) in parts.enumerate() {
            out.push_str(&format!("${}{part}", n + 1));
        }
        out
    }
}

pub(crate) fn id<T: From<Uuid>>(n: u128) -> T {
    Uuid::from_u128(n).into()
}

pub(crate) fn institution(n: u128) -> Institution {
    Institution {
        id: id(n),
        code: format!("H{n:03}"),
        name_zh: format!("第{n}医院"),
        name_en: format!("Hospital {n}"),
        colour: u8::try_from(n).unwrap(),
        platform: false,
    }
}

pub(crate) fn account(n: u128, institution: u128) -> Account {
    Account {
        id: id(n),
        username: format!("expert.{n}"),
        institution: id(institution),
        role: Role::Expert,
        display_name: format!("专家{n}"),
        department: "影像科".to_owned(),
        title: "主任医师".to_owned(),
        licence: "110110000000001".to_owned(),
        password_hash: "$argon2id$test".to_owned(),
        totp_secret: Clear::new(b"twenty bytes secret!".to_vec()),
        totp_last_step: 0,
        failed: 0,
        locked_until: None,
        active: true,
    }
}

pub(crate) fn patient(n: u128) -> Patient {
    Patient {
        id: id(n),
        institution: id(1),
        platform_id: format!("{n:032x}"),
        identity: Clear::new(PatientIdentity {
            name: NAME.to_owned(),
            id_number: ID_NUMBER.to_owned(),
            other_number: "P-0021".to_owned(),
            birth_date: Some(BirthDate::parse("1949-12-31").unwrap()),
            phone: "13812341234".to_owned(),
            ethnicity: "汉族".to_owned(),
            native_place: "北京".to_owned(),
            address: "植入地址一号".to_owned(),
            record_number: "MRN-0021".to_owned(),
            infectious: false,
        }),
        sex: Sex::Female,
        created_at: NOW,
    }
}

pub(crate) fn consultation(n: u128) -> Consultation {
    let lead: InstitutionId = id(1);
    let patient: PatientId = id(21);
    let created_by: AccountId = id(11);
    let id: ConsultationId = id(n);
    Consultation {
        id,
        number: format!("HZ20261122{n:04}"),
        kind: ConsultationKind::Specialty,
        urgency: Urgency::Routine,
        state: ConsultationState::Draft,
        lead,
        patient,
        clinical: serde_json::json!({ "complaint": COMPLAINT }),
        scheduled_at: NOW.plus_ms(86_400_000),
        duration_minutes: 60,
        chosen: vec![self::id(2), self::id(3)],
        wanted: vec![DataCategory::Imaging, DataCategory::LabExam],
        consent: Some(serde_json::json!({ "signer": NAME })),
        started_at: None,
        ended_at: None,
        due_at: Some(NOW.plus_ms(1)),
        suspended_from: Some(ConsultationState::Ready),
        override_reason: Some(COMPLAINT.to_owned()),
        paused_at: None,
        pause_reason: None,
        created_by,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

pub(crate) fn event(action: &str, target: &str) -> AuditEntry {
    AuditEntry {
        at: NOW,
        operator: "account-1".to_owned(),
        operator_name: "expert.11".to_owned(),
        action: action.to_owned(),
        target: target.to_owned(),
        result: "ok".to_owned(),
        ip: "192.0.2.7".to_owned(),
        device: "test".to_owned(),
        institution: "H001".to_owned(),
        consultation: Some(id(31)),
        request_id: "r-1".to_owned(),
    }
}
