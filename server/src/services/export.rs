//! What leaves the system in a standard form: the case package as a FHIR document.

use consilium_domain::ConsultationId;
use consilium_interop::fhir::{Media, PackageDocument, document};

use crate::{
    ctx::Ctx,
    error::ServiceError,
    services::{access, consents, packages, views},
    state::App,
};

/// The newest package the caller may see as a FHIR R4 document bundle: rights and content are those of the
/// package. Leaving is audited besides reading.
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
        })
        .write(media)
    });
    Ok(written.await?)
}
