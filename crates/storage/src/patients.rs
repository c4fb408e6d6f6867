//! Patients of an institution (Table 1, category 1).

use std::fmt;

use consilium_domain::{Clear, InstitutionId, PatientId, Sex, Timestamp, person::BirthDate};
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, IntoActiveModel as _};
use serde::{Deserialize, Serialize};

use crate::{Reader, Result, WriteTx, convert, entity::patient};

const TABLE: &str = "patients";

/// A patient record of one institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// Id.
    pub id: PatientId,
    /// The institution that entered it.
    pub institution: InstitutionId,
    /// Pseudonym, the same for the same person everywhere (clause 5.2).
    pub platform_id: String,
    /// Who the patient is; one sealed column.
    pub identity: Clear<PatientIdentity>,
    /// Sex.
    pub sex: Sex,
    /// When it was entered.
    pub created_at: Timestamp,
}

/// Everything that says who a patient is. Texts are empty when not given.
#[derive(Clone, PartialEq, Eq)]
pub struct PatientIdentity {
    /// 姓名
    pub name: String,
    /// 居民身份证号
    pub id_number: String,
    /// Another document number.
    pub other_number: String,
    /// 出生日期
    pub birth_date: Option<BirthDate>,
    /// 联系方式
    pub phone: String,
    /// 民族
    pub ethnicity: String,
    /// 籍贯
    pub native_place: String,
    /// 住址
    pub address: String,
    /// Local record number (住院号).
    pub record_number: String,
    /// Infectious disease: masked more strictly (clause 8.3.2).
    pub infectious: bool,
}

impl fmt::Debug for PatientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PatientIdentity(..)")
    }
}

/// The sealed form. A type of its own, so that the public one can never be serialised by mistake.
#[derive(Serialize, Deserialize)]
struct SealedIdentity {
    name: String,
    id_number: String,
    other_number: String,
    birth_date: Option<BirthDate>,
    phone: String,
    ethnicity: String,
    native_place: String,
    address: String,
    record_number: String,
    #[serde(default)]
    infectious: bool,
}

impl From<&PatientIdentity> for SealedIdentity {
    fn from(identity: &PatientIdentity) -> Self {
        let identity = identity.clone();
        Self {
            name: identity.name,
            id_number: identity.id_number,
            other_number: identity.other_number,
            birth_date: identity.birth_date,
            phone: identity.phone,
            ethnicity: identity.ethnicity,
            native_place: identity.native_place,
            address: identity.address,
            record_number: identity.record_number,
            infectious: identity.infectious,
        }
    }
}

impl From<SealedIdentity> for PatientIdentity {
    fn from(identity: SealedIdentity) -> Self {
        Self {
            name: identity.name,
            id_number: identity.id_number,
            other_number: identity.other_number,
            birth_date: identity.birth_date,
            phone: identity.phone,
            ethnicity: identity.ethnicity,
            native_place: identity.native_place,
            address: identity.address,
            record_number: identity.record_number,
            infectious: identity.infectious,
        }
    }
}

impl Reader<'_> {
    /// One patient.
    ///
    /// # Errors
    /// The store fails, or the sealed identity does not open.
    pub async fn patient(&self, id: PatientId) -> Result<Option<Patient>> {
        let select = self.locking(patient::Entity::find_by_id(id.0));
        let row = select.one(&self.db).await?;
        row.map(|row| self.patient_from(row)).transpose()
    }

    pub(crate) fn patient_from(&self, row: patient::Model) -> Result<Patient> {
        let identity: SealedIdentity =
            self.open_json(TABLE, "identity", &row.id.to_string(), &row.identity)?;
        Ok(Patient {
            id: row.id.into(),
            institution: row.institution.into(),
            platform_id: row.platform_id,
            identity: Clear::new(identity.into()),
            sex: convert::code(TABLE, "sex", &row.sex)?,
            created_at: Timestamp::from_ms(row.created_at),
        })
    }

    fn patient_row(&self, patient: &Patient) -> Result<patient::Model> {
        let identity = SealedIdentity::from(patient.identity.expose());
        Ok(patient::Model {
            id: patient.id.0,
            institution: patient.institution.0,
            platform_id: patient.platform_id.clone(),
            identity: self.seal_json(TABLE, "identity", &patient.id.to_string(), &identity)?,
            sex: patient.sex.code().to_owned(),
            created_at: patient.created_at.ms(),
        })
    }
}

impl WriteTx {
    /// Adds a patient.
    ///
    /// # Errors
    /// The institution is unknown, or the store fails.
    pub async fn insert_patient(&mut self, patient: &Patient) -> Result<()> {
        self.insert(self.patient_row(patient)?).await
    }

    /// Changes a patient.
    ///
    /// # Errors
    /// No such patient, or the store fails.
    pub async fn update_patient(&mut self, patient: &Patient) -> Result<()> {
        let row = self.patient_row(patient)?.into_active_model().reset_all();
        patient::Entity::update(row)
            .exec_without_returning(&self.reader.db)
            .await?;
        Ok(())
    }
}
