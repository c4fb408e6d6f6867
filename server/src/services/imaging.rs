//! Images: DICOM in, sealed originals and ready frames in the store, viewer facts out
//! (clauses 5.3.1 d, 7.3 c).

use bytes::{BufMut as _, Bytes, BytesMut};
use consilium_domain::{
    ConsultationId, ConsultationState, InstanceId, InstitutionId, SeriesId,
    masking::{Profile, RuleSet},
    permission::Action,
};
use consilium_imaging::{
    dicom::{self, DicomError, FrameData, ParsedInstance},
    meta::{InstanceMeta, SeriesMeta, sort_along_normal},
    pack,
};
use consilium_protocol::{
    FieldError, codes,
    imaging::{Instance, Series, Uploaded},
    limits,
};
use consilium_storage::{
    Instance as StoredInstance, Patient, Series as StoredSeries, SourcePatientLink, StoredFile,
};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access, consents, opinions, views},
    state::App,
};

/// Longest side of a thumbnail, pixels.
const THUMBNAIL_SIDE: u32 = 192;

/// One file on its way in.
pub struct Incoming {
    /// Name as the sender knows it; used in refusals only, never stored.
    pub file_name: String,
    /// The file.
    pub bytes: Bytes,
    /// The sender has confirmed that the file's patient is this patient.
    pub confirm_patient: bool,
}

/// What decoding gives.
struct Prepared {
    parsed: ParsedInstance,
    frames: Bytes,
    sha256: [u8; 32],
}

fn refusal(file_name: &str, error: &DicomError) -> ServiceError {
    let code = match error {
        DicomError::NotDicom => codes::DICOM_NOT_DICOM,
        DicomError::Truncated => codes::DICOM_TRUNCATED,
        DicomError::NoPixelData => codes::DICOM_NO_PIXELS,
        DicomError::UnsupportedTransferSyntax(_) => codes::DICOM_TRANSFER_SYNTAX,
        DicomError::UnsupportedPixelFormat(_) => codes::DICOM_PIXEL_FORMAT,
        DicomError::TooLarge => codes::TOO_LARGE,
        _ => codes::DICOM_CORRUPT,
    };
    content(code, file_name)
}

fn content(code: &'static str, file_name: &str) -> ServiceError {
    ServiceError::Content {
        code,
        errors: vec![FieldError::new(file_name, code)],
    }
}

/// Frames as they travel: each packed without loss (colour as it is) and compressed, behind a table
/// of lengths.
fn frames(bytes: &[u8], meta: &InstanceMeta) -> Result<Bytes, DicomError> {
    let mut packed = Vec::new();
    for index in 0..meta.frames {
        let plain = match dicom::frame(bytes, index)? {
            FrameData::Grey(words) => {
                pack::pack(words.words(), meta.columns).map_err(|_| DicomError::Corrupt("frame length"))?
            }
            FrameData::Colour(colour) => colour.rgb().to_vec(),
        };
        packed.push(pack::gzip(&plain).map_err(|_| DicomError::TooLarge)?);
    }
    let mut out = BytesMut::new();
    out.put_u32(meta.frames);
    for frame in &packed {
        out.put_u32(u32::try_from(frame.len()).map_err(|_| DicomError::TooLarge)?);
    }
    for frame in packed {
        out.put_slice(&frame);
    }
    Ok(out.freeze())
}

/// One compressed frame out of the container.
fn frame_of(container: &Bytes, index: u32) -> Option<Bytes> {
    let number = |at: usize| -> Option<usize> {
        let word: [u8; 4] = container.get(at..at.checked_add(4)?)?.try_into().ok()?;
        usize::try_from(u32::from_be_bytes(word)).ok()
    };
    let count = number(0)?;
    let index = usize::try_from(index).ok()?;
    if index >= count {
        return None;
    }
    let mut start = 4usize.checked_add(count.checked_mul(4)?)?;
    for before in 0..index {
        start = start.checked_add(number(4 + before * 4)?)?;
    }
    let end = start.checked_add(number(4 + index * 4)?)?;
    (end <= container.len()).then(|| container.slice(start..end))
}

/// Takes one DICOM file. Each file is its own act: a refused one leaves the others as they are.
///
/// # Errors
/// Not allowed; not DICOM, cut short, without an image, of a kind that cannot be shown; of another
/// patient; or of a patient that nobody has confirmed to be this one.
pub async fn upload(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    file: Incoming,
) -> Result<Uploaded, ServiceError> {
    let case = access::open(app, ctx, id, Action::Upload).await?;
    consents::require_to_collect(app, ctx, &case).await?;
    let result = take(app, ctx, id, case.consultation.patient, file).await;
    if let Err(error) = &result {
        let mut tx = app.store.begin().await?;
        tx.audit(ctx.event(
            "image.upload",
            format!("consultation/{id}"),
            error.code().0,
            Some(id),
        ))
        .await?;
        tx.commit().await?;
    } else {
        if case.consultation.state == ConsultationState::InSession {
            app.supplements.note(id);
        }
        opinions::refresh_room(app, id, "images").await?;
    }
    result
}

async fn take(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    patient: consilium_domain::PatientId,
    file: Incoming,
) -> Result<Uploaded, ServiceError> {
    let reader = app.store.reader();
    if u64::try_from(reader.count_instances(id).await?).unwrap_or(0) >= limits::INSTANCES_MAX {
        return Err(content(codes::DICOM_TOO_MANY, &file.file_name));
    }
    let patient = reader.patient(patient).await?.ok_or(ServiceError::NotFound)?;
    let bytes = file.bytes.clone();
    let permit = app.decode_gate.acquire().await.map_err(|_| ServiceError::Busy)?;
    let mut prepared = tokio::task::spawn_blocking(move || -> Result<Prepared, DicomError> {
        let parsed = dicom::parse(&bytes)?;
        let frames = frames(&bytes, &parsed.meta)?;
        Ok(Prepared {
            parsed,
            frames,
            sha256: Sha256::digest(&bytes).into(),
        })
    })
    .await?
    .map_err(|error| refusal(&file.file_name, &error))?;
    drop(permit);
    // Says which series share coordinates, and nothing to somebody who knows the scanner's UIDs.
    let frame_of_reference = &mut prepared.parsed.meta.frame_of_reference;
    *frame_of_reference = frame_of_reference.take().map(|uid| {
        app.store
            .vault()
            .patient_identifier("frame", &format!("{id}|{uid}"))
    });

    let link = patient_link(app, ctx, id, &patient, &prepared.parsed, &file).await?;
    let keys = keys(app, ctx.institution.id, id, &prepared.parsed);
    if let Some(known) = find_known(app, id, &keys).await? {
        if known.1.sha256 != prepared.sha256 {
            return Err(content(codes::DICOM_CONFLICT, &file.file_name));
        }
        return Ok(Uploaded {
            series_id: known.0,
            instance_id: known.1.id,
            duplicate: true,
            sha256: hex::encode(prepared.sha256),
        });
    }
    let original = app.files.put("dicom", file.bytes, ctx.now()).await?;
    let ready = match app.files.put("frames", prepared.frames.clone(), ctx.now()).await {
        Ok(ready) => ready,
        Err(error) => {
            app.files.discard(&[original]).await;
            return Err(error);
        }
    };
    let stored = [original, ready];
    let outcome = insert(app, ctx, id, &prepared, &keys, link, &stored).await;
    if outcome.is_err() {
        app.files.discard(&stored).await;
    }
    outcome
}

/// Keyed hashes instead of UIDs, which a hospital could trace back to a patient.
struct Keys {
    series: Vec<u8>,
    sop: Vec<u8>,
}

fn keys(app: &App, institution: InstitutionId, id: ConsultationId, parsed: &ParsedInstance) -> Keys {
    let keyed = |kind: &str, uid: &str| {
        app.store
            .vault()
            .patient_identifier(kind, &format!("{id}|{institution}|{uid}"))
            .into_bytes()
    };
    Keys {
        series: keyed("series", &parsed.series_uid),
        sop: keyed("sop", &parsed.sop_instance_uid),
    }
}

async fn find_known(
    app: &App,
    id: ConsultationId,
    keys: &Keys,
) -> Result<Option<(SeriesId, StoredInstance)>, ServiceError> {
    let reader = app.store.reader();
    let Some(series) = reader.series_by_key(id, &keys.series).await? else {
        return Ok(None);
    };
    Ok(reader
        .instance_by_key(series.id, &keys.sop)
        .await?
        .map(|i| (series.id, i)))
}

/// Whose pictures these are. A file whose Patient ID equals the record number is this patient's; the
/// first other one needs a person's word, which then holds for this consultation and institution.
async fn patient_link(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    patient: &Patient,
    parsed: &ParsedInstance,
    file: &Incoming,
) -> Result<Option<SourcePatientLink>, ServiceError> {
    let source = &parsed.patient;
    let key = if source.id.trim().is_empty() {
        source.name.trim()
    } else {
        source.id.trim()
    };
    let source_hash = app
        .store
        .vault()
        .patient_identifier(
            "dicom",
            &format!("{}|{}|{key}", ctx.institution.id, source.issuer.trim()),
        )
        .into_bytes();
    match app.store.reader().source_patient(id, ctx.institution.id).await? {
        Some(known) if known == source_hash => Ok(None),
        Some(_) => Err(content(codes::DICOM_OTHER_PATIENT, &file.file_name)),
        None => {
            let record_number = patient.identity.expose().record_number.trim();
            let same = !record_number.is_empty() && record_number == source.id.trim();
            if !same && !file.confirm_patient {
                return Err(ServiceError::Refused {
                    code: codes::DICOM_PATIENT_UNCONFIRMED,
                    state: None,
                    errors: vec![
                        FieldError {
                            field: "source_patient.name".to_owned(),
                            code: codes::DICOM_PATIENT_UNCONFIRMED.to_owned(),
                            message: RuleSet::builtin()
                                .name(Profile::Staff, &source.name.replace('^', " "))
                                .to_string(),
                        },
                        FieldError {
                            field: "source_patient.id".to_owned(),
                            code: codes::DICOM_PATIENT_UNCONFIRMED.to_owned(),
                            message: RuleSet::builtin().number(Profile::Staff, &source.id).to_string(),
                        },
                    ],
                });
            }
            Ok(Some(SourcePatientLink {
                consultation: id,
                institution: ctx.institution.id,
                source_hash,
            }))
        }
    }
}

async fn insert(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    prepared: &Prepared,
    keys: &Keys,
    link: Option<SourcePatientLink>,
    files: &[StoredFile; 2],
) -> Result<Uploaded, ServiceError> {
    let [original, ready] = files;
    let mut tx = app.store.begin().await?;
    if let Some(link) = link {
        match tx.source_patient(id, ctx.institution.id).await? {
            Some(known) if known != link.source_hash => {
                return Err(content(codes::DICOM_OTHER_PATIENT, ""));
            }
            Some(_) => {}
            None => {
                tx.link_source_patient(&link).await?;
                tx.audit(ctx.event("image.link_patient", format!("consultation/{id}"), "ok", Some(id)))
                    .await?;
            }
        }
    }
    for file in files {
        tx.insert_file(file).await?;
    }
    let series = match tx.series_by_key(id, &keys.series).await? {
        Some(series) => series.id,
        None => {
            let series = StoredSeries {
                id: SeriesId(Uuid::now_v7()),
                consultation: id,
                institution: ctx.institution.id,
                series_key: keys.series.clone(),
                meta: serde_json::to_value(&prepared.parsed.series)?,
                received_at: ctx.now(),
            };
            tx.insert_series(&series).await?;
            series.id
        }
    };
    let instance = InstanceId(Uuid::now_v7());
    tx.insert_instance(&StoredInstance {
        id: instance,
        series,
        sop_key: keys.sop.clone(),
        position: prepared.parsed.meta.instance_number.unwrap_or(0),
        meta: serde_json::to_value(&prepared.parsed.meta)?,
        original: original.id,
        frames: ready.id,
        sha256: prepared.sha256,
    })
    .await?;
    tx.audit(ctx.event("image.upload", format!("instance/{instance}"), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    metrics::counter!("consilium_instances_stored_total").increment(1);
    Ok(Uploaded {
        series_id: series,
        instance_id: instance,
        duplicate: false,
        sha256: hex::encode(prepared.sha256),
    })
}

/// The series of a consultation with all a viewer needs before the first pixel.
///
/// # Errors
/// Not there for the caller, or not its duty to see images.
pub async fn series(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Vec<Series>, ServiceError> {
    let case = access::open(app, ctx, id, Action::ViewImages).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let reader = app.store.reader();
    let directory = views::Directory::load(app).await?;
    let mut out = Vec::new();
    for stored in reader.series_of(id).await? {
        let meta: SeriesMeta = serde_json::from_value(stored.meta)?;
        let mut instances = Vec::new();
        for instance in reader.instances_of(stored.id).await? {
            let facts: InstanceMeta = serde_json::from_value(instance.meta)?;
            instances.push((instance.id, facts));
        }
        sort_along_normal(&mut instances, |(_, meta)| meta);
        let instances = instances
            .into_iter()
            .map(|(id, meta)| serde_json::to_value(meta).map(|meta| Instance { id, meta }))
            .collect::<Result<_, _>>()?;
        out.push(Series {
            id: stored.id,
            institution: directory.get(stored.institution)?,
            modality: meta.modality,
            number: meta.series_number.unwrap_or(0),
            description: meta.description.unwrap_or_default(),
            body_part: meta.body_part.unwrap_or_default(),
            received_at: stored.received_at,
            instances,
        });
    }
    out.sort_by_key(|s| (s.received_at, s.number));
    Ok(out)
}

/// Finds an instance of this consultation, or nothing.
async fn instance_in(
    app: &App,
    id: ConsultationId,
    instance: InstanceId,
) -> Result<StoredInstance, ServiceError> {
    let reader = app.store.reader();
    let found = reader.instance(instance).await?.ok_or(ServiceError::NotFound)?;
    let series = reader.series(found.series).await?.ok_or(ServiceError::NotFound)?;
    if series.consultation == id {
        Ok(found)
    } else {
        Err(ServiceError::NotFound)
    }
}

/// One frame, losslessly packed, still gzip-compressed. The first frame a session reads of a series is
/// audited: that is when its content left for a reader.
///
/// # Errors
/// Not there for the caller.
pub async fn frame(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    instance: InstanceId,
    index: u32,
) -> Result<Bytes, ServiceError> {
    let case = access::open(app, ctx, id, Action::ViewImages).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let stored = instance_in(app, id, instance).await?;
    let file = app
        .store
        .reader()
        .file(stored.frames)
        .await?
        .ok_or(ServiceError::NotFound)?;
    let container = app.files.get(&file).await?;
    let frame = frame_of(&container, index).ok_or(ServiceError::NotFound)?;
    if app.reads.first(ctx.session, stored.series) {
        let mut tx = app.store.begin().await?;
        tx.audit(ctx.event("image.read", format!("series/{}", stored.series), "ok", Some(id)))
            .await?;
        tx.commit().await?;
    }
    Ok(frame)
}

/// Which session has read which series, so that reading a series is one audit event and not one a
/// slice. Forgotten when full: then a reading is noted once more, never not at all.
#[derive(Debug, Default)]
pub struct Reads(std::sync::Mutex<std::collections::HashSet<([u8; 32], SeriesId)>>);

impl Reads {
    const KEPT: usize = 100_000;

    /// Whether this is the first reading; marks it.
    #[must_use]
    pub fn first(&self, session: [u8; 32], series: SeriesId) -> bool {
        let mut marks = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if marks.len() >= Self::KEPT {
            marks.clear();
        }
        marks.insert((session, series))
    }
}

/// A small 8-bit picture of the middle of a series.
///
/// # Errors
/// Not there for the caller.
pub async fn thumbnail(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    series: SeriesId,
) -> Result<Bytes, ServiceError> {
    let case = access::open(app, ctx, id, Action::ViewImages).await?;
    consents::require_to_read(app, ctx, &case).await?;
    let reader = app.store.reader();
    let found = reader
        .series(series)
        .await?
        .filter(|s| s.consultation == id)
        .ok_or(ServiceError::NotFound)?;
    let mut instances = Vec::new();
    for instance in reader.instances_of(found.id).await? {
        let meta: InstanceMeta = serde_json::from_value(instance.meta)?;
        instances.push((instance.original, meta));
    }
    sort_along_normal(&mut instances, |(_, meta)| meta);
    let (original, meta) = instances
        .get(instances.len() / 2)
        .cloned()
        .ok_or(ServiceError::NotFound)?;
    let file = reader.file(original).await?.ok_or(ServiceError::NotFound)?;
    let bytes = app.files.get(&file).await?;
    let permit = app.decode_gate.acquire().await.map_err(|_| ServiceError::Busy)?;
    let png = tokio::task::spawn_blocking(move || {
        dicom::frame(&bytes, 0).and_then(|frame| dicom::preview_png(&frame, &meta, THUMBNAIL_SIDE))
    })
    .await?
    .map_err(|error| ServiceError::Internal(format!("thumbnail: {error}")))?;
    drop(permit);
    Ok(Bytes::from(png))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_of_the_container_by_index() {
        let mut container = BytesMut::new();
        container.put_u32(2);
        container.put_u32(3);
        container.put_u32(2);
        container.put_slice(b"abcde");
        let container = container.freeze();
        assert_eq!(frame_of(&container, 0).unwrap(), "abc");
        assert_eq!(frame_of(&container, 1).unwrap(), "de");
        assert_eq!(frame_of(&container, 2), None);
        assert_eq!(frame_of(&container.slice(..13), 1), None);
        assert_eq!(frame_of(&Bytes::new(), 0), None);
    }
}
