//! The signed report (clause 7.4): conclusion and advice of the lead, citing every opinion.

use consilium_domain::{
    ConsultationId, ConsultationState, InvitationState, ReportId, consultation::Command, permission::Action,
};
use consilium_imaging::{geometry, meta::InstanceMeta};
use consilium_protocol::{
    codes,
    exchange::Body,
    limits,
    live::{AnnotationKind, ReportedAnnotation},
    report::{Report, ReportInput},
};
use consilium_storage::{Consultation as StoredConsultation, Report as Stored};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{
    ctx::Ctx,
    error::ServiceError,
    exchange,
    services::{access, clocks, consultations, imaging, opinions, patients, views, worklist},
    state::App,
};

/// Signature domain: a report's signature is good for nothing else.
const SIGNATURE_DOMAIN: &str = "consilium/report/v1";

/// Signs the report and concludes the consultation.
///
/// # Errors
/// Not allowed, not being summed up, opinions missing without a waiver, or not all cited.
pub async fn sign(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    input: ReportInput,
) -> Result<Report, ServiceError> {
    let case = access::open(app, ctx, id, Action::SignReport).await?;
    if case.consultation.state != ConsultationState::Summarising {
        consultations::step(app, ctx, &case, Command::Sign, &consultations::facts(&case)).await?;
    }
    let mut check = patients::Check::default();
    check.required("conclusion", &input.conclusion, limits::CONCLUSION_CHARS);
    check.icd10("diagnosis_code", &input.diagnosis_code);
    check.required("advice", &input.advice, limits::ADVICE_CHARS);
    for waiver in &input.waivers {
        check.required(
            &format!("waivers.{}", waiver.institution_id),
            &waiver.reason,
            limits::REASON_CHARS,
        );
    }
    check.finish()?;

    let mut detail = views::detail(app, ctx, &case).await?;
    // Earlier versions stay where they were signed; the report stands on the newest of each expert.
    detail.opinions.retain(|of| !of.superseded);
    let mut facts = consultations::facts(&case);
    facts.opinions_missing = case
        .invitations
        .iter()
        .filter(|i| i.state == InvitationState::Accepted)
        .map(|i| i.institution)
        .filter(|i| !detail.opinions.iter().any(|o| o.institution.id == *i))
        .filter(|i| !input.waivers.iter().any(|w| w.institution_id == *i))
        .collect();
    facts.opinions_uncited = detail
        .opinions
        .iter()
        .filter(|o| !input.cites.contains(&o.id))
        .count();
    let state = consultations::step(app, ctx, &case, Command::Sign, &facts).await?;

    let annotations = annotations(app, ctx, id).await?;
    let mut row = detail.row;
    row.state = state;
    row.allowed = Vec::new();
    row.my_move = false;
    let report = Report {
        id: ReportId(Uuid::now_v7()),
        consultation_id: id,
        version: 1,
        consultation: row,
        session: (detail.started_at, detail.ended_at),
        conclusion: input.conclusion.trim().to_owned(),
        diagnosis_code: input.diagnosis_code,
        advice: input.advice.trim().to_owned(),
        opinions: detail.opinions,
        waivers: input.waivers,
        override_reason: case.consultation.override_reason.clone(),
        package: detail.package,
        annotations,
        signed_by: ctx.account.display_name.clone(),
        signed_at: ctx.now(),
        content_hash: String::new(),
        check_code: String::new(),
        signature_valid: false,
    };
    let content = serde_json::to_value(&report)?;
    let bytes = serde_json::to_vec(&content)?;
    let signature = app.store.vault().sign(SIGNATURE_DOMAIN, &bytes);
    let stored = Stored {
        id: report.id,
        consultation: id,
        version: report.version,
        content,
        signed_by: ctx.account.id,
        signed_at: ctx.now(),
        content_hash: Sha256::digest(&bytes).into(),
        signature: signature.bytes.to_vec(),
        key_id: signature.key_id,
    };
    let concluded = StoredConsultation {
        state,
        updated_at: ctx.now(),
        due_at: None,
        ..case.consultation.clone()
    };
    let mut tx = app.store.begin().await?;
    consultations::lock(&mut tx, id).await?;
    tx.insert_report(&stored).await?;
    tx.audit(ctx.event("report.sign", format!("report/{}", stored.id), "ok", Some(id)))
        .await?;
    consultations::save(&mut tx, ctx, &concluded, Command::Sign).await?;
    let found_by = (report.conclusion.as_str(), report.diagnosis_code.as_str());
    worklist::index(app, &mut tx, &concluded, Some(found_by)).await?;
    clocks::stop_all(&mut tx, id, ctx.now()).await?;
    for institution in case
        .invitations
        .iter()
        .filter(|i| i.state == InvitationState::Accepted)
    {
        let content = Body::Report {
            report_id: stored.id,
            version: stored.version,
            content_hash: hex::encode(stored.content_hash),
        };
        let to = institution.institution;
        exchange::post(app, &mut tx, id, ctx.institution.id, to, ctx.now(), content).await?;
    }
    tx.commit().await?;
    exchange::flush(app, id).await;
    opinions::refresh_room(app, id, "state").await?;
    readable(app, &stored)
}

/// The newest signed report, its signature checked now. Reading is audited.
///
/// # Errors
/// Not there for the caller.
pub async fn read(app: &App, ctx: &Ctx, id: ConsultationId) -> Result<Report, ServiceError> {
    access::open(app, ctx, id, Action::ReadReport).await?;
    let stored = app
        .store
        .reader()
        .reports(id)
        .await?
        .into_iter()
        .next()
        .ok_or(ServiceError::NotFound)?;
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event("report.read", format!("report/{}", stored.id), "ok", Some(id)))
        .await?;
    tx.commit().await?;
    readable(app, &stored)
}

fn readable(app: &App, stored: &Stored) -> Result<Report, ServiceError> {
    let bytes = serde_json::to_vec(&stored.content)?;
    let hash: [u8; 32] = Sha256::digest(&bytes).into();
    let valid = hash == stored.content_hash
        && opinions::verified(app, SIGNATURE_DOMAIN, &bytes, &stored.key_id, &stored.signature);
    let mut report: Report = serde_json::from_value(stored.content.clone())?;
    report.content_hash = hex::encode(stored.content_hash);
    report.check_code = check_code(&stored.content_hash);
    report.signature_valid = valid;
    Ok(report)
}

/// `K7QF-2M9D-…`: 80 bits of the hash in groups of four, without letters that look alike.
#[must_use]
pub fn check_code(hash: &[u8; 32]) -> String {
    let text = data_encoding::BASE32_NOPAD.encode(hash.get(..10).unwrap_or_default());
    let readable: String = text
        .chars()
        .map(|c| {
            if c == 'O' {
                '8'
            } else if c == 'I' {
                '9'
            } else {
                c
            }
        })
        .collect();
    readable
        .chars()
        .enumerate()
        .flat_map(|(i, c)| {
            (i > 0 && i % 4 == 0)
                .then_some('-')
                .into_iter()
                .chain(std::iter::once(c))
        })
        .collect()
}

/// The finished annotations of the session with their values, computed here and not taken from a
/// browser.
async fn annotations(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
) -> Result<Vec<ReportedAnnotation>, ServiceError> {
    let found = app.rooms.annotations(id).await?;
    let directory = views::Directory::load(app).await?;
    let authors = views::accounts(app, &found.iter().map(|(a, ..)| *a).collect::<Vec<_>>()).await?;
    let series = imaging::series(app, ctx, id).await?;
    let mut out = Vec::new();
    for (author, key, annotation) in found {
        let Some(account) = authors.get(&author) else {
            continue;
        };
        let Some(of) = series.iter().find(|s| s.id == annotation.image.series) else {
            continue;
        };
        let Some(index) = of
            .instances
            .iter()
            .position(|i| i.id == annotation.image.instance)
        else {
            continue;
        };
        let Some(instance) = of.instances.get(index) else {
            continue;
        };
        let meta: InstanceMeta = serde_json::from_value(instance.meta.clone())?;
        let value = match (annotation.kind, annotation.points.as_slice()) {
            (AnnotationKind::Length, [a, b]) => {
                in_words(geometry::length(point(*a), point(*b), &meta.spacing))
            }
            (AnnotationKind::Freehand, points) if points.len() > 2 => {
                let polygon: Vec<_> = points.iter().copied().map(point).collect();
                in_words(geometry::area(&polygon, &meta.spacing))
            }
            _ => String::new(),
        };
        out.push(ReportedAnnotation {
            author: account.display_name.clone(),
            institution: directory.get(account.institution)?,
            id: key,
            place: format!(
                "{} {} {}/{}",
                of.modality,
                of.description,
                index + 1,
                of.instances.len()
            ),
            at: consilium_domain::Timestamp::from_ms(annotation.at_ms),
            value,
            annotation,
        });
    }
    out.sort_by_key(|a| a.at);
    Ok(out)
}

const fn point([x, y]: [f64; 2]) -> geometry::Point {
    geometry::Point { x, y }
}

/// `46.2 mm`, `1312 mm²`; pixels when the image has no spacing.
fn in_words(measured: geometry::Measured) -> String {
    let value = measured.value;
    match measured.unit {
        geometry::Unit::Millimetre => format!("{value:.1} mm"),
        geometry::Unit::SquareMillimetre => format!("{value:.0} mm²"),
        geometry::Unit::Pixel => format!("{value:.1} px"),
        geometry::Unit::SquarePixel => format!("{value:.0} px²"),
    }
}

/// Codes used here, for the documentation of the route.
pub const CODES: [&str; 2] = [codes::OPINIONS_MISSING, codes::OPINIONS_UNCITED];

#[cfg(test)]
mod tests {
    #[test]
    fn check_code_is_readable_and_stable() {
        let code = super::check_code(&[0xAB; 32]);
        assert_eq!(code.len(), 19);
        assert!(code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'));
        assert_ne!(code, super::check_code(&[0xAC; 32]));
    }
}
