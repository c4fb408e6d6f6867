//! Image series and instances. What DICOM says about them is sealed; they are found by keyed hashes.

use consilium_domain::{ConsultationId, FileId, InstanceId, InstitutionId, SeriesId, Timestamp};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Select,
};

use crate::{
    Reader, Result, StoreError, WriteTx, convert,
    entity::{instance, series, source_patient},
    error::corrupt,
};

const SERIES: &str = "series";
const INSTANCES: &str = "instances";

/// Which patient an institution's images of a consultation name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePatientLink {
    /// Consultation.
    pub consultation: ConsultationId,
    /// Where the images come from.
    pub institution: InstitutionId,
    /// Keyed hash of the patient in the images.
    pub source_hash: Vec<u8>,
}

/// One image series of a consultation.
#[derive(Clone, PartialEq)]
pub struct Series {
    /// Id.
    pub id: SeriesId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// Where it comes from.
    pub institution: InstitutionId,
    /// Keyed hash of the Series Instance UID, unique in the consultation.
    pub series_key: Vec<u8>,
    /// What the viewer needs to know; sealed.
    pub meta: serde_json::Value,
    /// When its first instance came.
    pub received_at: Timestamp,
}

impl std::fmt::Debug for Series {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Series")
            .field("id", &self.id)
            .field("consultation", &self.consultation)
            .finish_non_exhaustive()
    }
}

/// One stored DICOM instance of a series.
#[derive(Clone, PartialEq)]
pub struct Instance {
    /// Id.
    pub id: InstanceId,
    /// Series.
    pub series: SeriesId,
    /// Keyed hash of the SOP Instance UID, unique in the series.
    pub sop_key: Vec<u8>,
    /// Place in the series.
    pub position: i32,
    /// What the viewer needs to know; sealed.
    pub meta: serde_json::Value,
    /// The file as it came.
    pub original: FileId,
    /// The decoded frames.
    pub frames: FileId,
    /// SHA-256 of the file as it came.
    pub sha256: [u8; 32],
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance")
            .field("id", &self.id)
            .field("series", &self.series)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl Reader<'_> {
    fn series_from(&self, row: series::Model) -> Result<Series> {
        Ok(Series {
            meta: self.open_json(SERIES, "meta", &row.id.to_string(), &row.meta)?,
            id: row.id.into(),
            consultation: row.consultation.into(),
            institution: row.institution.into(),
            series_key: row.series_key,
            received_at: Timestamp::from_ms(row.received_at),
        })
    }

    fn instance_from(&self, row: instance::Model) -> Result<Instance> {
        Ok(Instance {
            meta: self.open_json(INSTANCES, "meta", &row.id.to_string(), &row.meta)?,
            id: row.id.into(),
            series: row.series.into(),
            sop_key: row.sop_key,
            position: row.position,
            original: row.original.into(),
            frames: row.frames.into(),
            sha256: convert::hash(INSTANCES, "sha256", &row.sha256)?,
        })
    }

    /// The keyed hash of the patient an institution's images of this consultation name, once known.
    ///
    /// # Errors
    /// The store fails.
    pub async fn source_patient(
        &self,
        consultation: ConsultationId,
        institution: InstitutionId,
    ) -> Result<Option<Vec<u8>>> {
        let row = source_patient::Entity::find_by_id((consultation.0, institution.0))
            .one(&self.db)
            .await?;
        Ok(row.map(|row| row.source_hash))
    }

    /// One series.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn series(&self, id: SeriesId) -> Result<Option<Series>> {
        let row = series::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(|row| self.series_from(row)).transpose()
    }

    /// The series of a consultation with this keyed hash.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn series_by_key(
        &self,
        consultation: ConsultationId,
        series_key: &[u8],
    ) -> Result<Option<Series>> {
        let row = series::Entity::find()
            .filter(series::Column::Consultation.eq(consultation.0))
            .filter(series::Column::SeriesKey.eq(series_key.to_vec()))
            .one(&self.db)
            .await?;
        row.map(|row| self.series_from(row)).transpose()
    }

    /// All series of a consultation, oldest first.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn series_of(&self, consultation: ConsultationId) -> Result<Vec<Series>> {
        let rows = series::Entity::find()
            .filter(series::Column::Consultation.eq(consultation.0))
            .order_by_asc(series::Column::ReceivedAt)
            .order_by_asc(series::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.series_from(row)).collect()
    }

    /// One instance.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn instance(&self, id: InstanceId) -> Result<Option<Instance>> {
        let row = instance::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(|row| self.instance_from(row)).transpose()
    }

    /// The instance of a series with this keyed hash.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn instance_by_key(&self, series: SeriesId, sop_key: &[u8]) -> Result<Option<Instance>> {
        let row = instance::Entity::find()
            .filter(instance::Column::Series.eq(series.0))
            .filter(instance::Column::SopKey.eq(sop_key.to_vec()))
            .one(&self.db)
            .await?;
        row.map(|row| self.instance_from(row)).transpose()
    }

    /// All instances of a series by position.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn instances_of(&self, series: SeriesId) -> Result<Vec<Instance>> {
        let rows = instance::Entity::find()
            .filter(instance::Column::Series.eq(series.0))
            .order_by_asc(instance::Column::Position)
            .order_by_asc(instance::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.instance_from(row)).collect()
    }

    /// All instances of a consultation by series and position.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn instances_of_consultation(&self, consultation: ConsultationId) -> Result<Vec<Instance>> {
        let rows = in_consultation(consultation)
            .order_by_asc(instance::Column::Series)
            .order_by_asc(instance::Column::Position)
            .order_by_asc(instance::Column::Id)
            .all(&self.db)
            .await?;
        rows.into_iter().map(|row| self.instance_from(row)).collect()
    }

    /// How many instances a consultation has.
    ///
    /// # Errors
    /// The store fails.
    pub async fn count_instances(&self, consultation: ConsultationId) -> Result<i64> {
        let count = in_consultation(consultation).count(&self.db).await?;
        i64::try_from(count).map_err(|_| corrupt(INSTANCES, "id"))
    }
}

fn in_consultation(consultation: ConsultationId) -> Select<instance::Entity> {
    let of = series::Entity::find()
        .select_only()
        .column(series::Column::Id)
        .filter(series::Column::Consultation.eq(consultation.0))
        .into_query();
    instance::Entity::find().filter(instance::Column::Series.in_subquery(of))
}

impl WriteTx {
    /// Records which patient an institution's images name. Saying the same again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another patient is already recorded, or the store fails.
    pub async fn link_source_patient(&mut self, link: &SourcePatientLink) -> Result<()> {
        match self.source_patient(link.consultation, link.institution).await? {
            Some(known) if known == link.source_hash => Ok(()),
            Some(_) => Err(StoreError::Conflict("the images name another patient".to_owned())),
            None => {
                self.insert(source_patient::Model {
                    consultation: link.consultation.0,
                    institution: link.institution.0,
                    source_hash: link.source_hash.clone(),
                })
                .await
            }
        }
    }

    /// Adds a series.
    ///
    /// # Errors
    /// The consultation already has it, a reference is unknown, or the store fails.
    pub async fn insert_series(&mut self, series: &Series) -> Result<()> {
        let meta = self.seal_json(SERIES, "meta", &series.id.to_string(), &series.meta)?;
        self.insert(series::Model {
            id: series.id.0,
            consultation: series.consultation.0,
            institution: series.institution.0,
            series_key: series.series_key.clone(),
            meta,
            received_at: series.received_at.ms(),
        })
        .await
    }

    /// Adds an instance.
    ///
    /// # Errors
    /// The series already has it, a reference is unknown, or the store fails.
    pub async fn insert_instance(&mut self, instance: &Instance) -> Result<()> {
        let meta = self.seal_json(INSTANCES, "meta", &instance.id.to_string(), &instance.meta)?;
        self.insert(instance::Model {
            id: instance.id.0,
            series: instance.series.0,
            sop_key: instance.sop_key.clone(),
            position: instance.position,
            meta,
            original: instance.original.0,
            frames: instance.frames.0,
            sha256: instance.sha256.to_vec(),
        })
        .await
    }
}
