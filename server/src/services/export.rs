//! What leaves the system in a standard form: the case package as a FHIR document.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use consilium_domain::ConsultationId;
use consilium_interop::fhir::{Media, PackageDocument, SignedOpinion, document};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access, consents, masking::Texts, packages, views},
    state::App,
};

/// The newest package the caller may see as a FHIR R4 document bundle, with the opinions signed so far: rights and
/// content are those of the package; texts of opinions are masked as everything that leaves. Leaving is audited besides reading.
///
/// # Errors
/// As [`packages::read`].
pub async fn package_document(
    app: &App,
    ctx: &Ctx,
    id: ConsultationId,
    media: Media,
) -> Result<String, ServiceError> {
    let package = packages::read(app, ctx, id, None).await?;
    let case = access::load(app, id).await?;
    let consent = consents::record(app, ctx, &case).await?;
    let detail = views::detail(app, ctx, &case).await?;
    let texts = Texts::for_exchange(app, &case, ctx.now()).await?;
    let stored = app.store.reader().opinions(id).await?;
    // A version signed since the case was read is in the next document.
    let opinions: Vec<SignedOpinion> = detail
        .opinions
        .into_iter()
        .filter_map(|mut opinion| {
            let signed = stored.iter().find(|of| of.id == opinion.id)?;
            opinion.text = texts.text(opinion.text);
            Some(SignedOpinion {
                opinion,
                signature: STANDARD.encode(&signed.signature),
                key_id: signed.key_id.clone(),
            })
        })
        .collect();
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(
        "package.export_fhir",
        format!("package/{}", package.id),
        "ok",
        Some(id),
    ))
    .await?;
    tx.commit().await?;
    let written = tokio::task::spawn_blocking(move || {
        document(&PackageDocument {
            package: &package,
            consultation: &detail.row,
            duration_minutes: detail.duration_minutes,
            consent: Some(&consent),
            opinions: &opinions,
        })
        .write(media)
    });
    Ok(written.await?)
}
