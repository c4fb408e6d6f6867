//! FHIR R4 bundles into the request form.

use bytes::Bytes;
use consilium_domain::permission::may_create;
use consilium_interop::fhir::{ImportError, Media, import_bundle};
use consilium_protocol::{codes, consultation::FhirImport};

use crate::{ctx::Ctx, error::ServiceError, state::App};

/// Reads a bundle. Nothing of it is stored; the reading is audited without content.
///
/// # Errors
/// Not allowed, not a bundle, or mandatory elements missing (each named).
pub async fn import(app: &App, ctx: &Ctx, media: Media, body: Bytes) -> Result<FhirImport, ServiceError> {
    let outcome = if may_create(ctx.account.role) {
        let now = ctx.now();
        tokio::task::spawn_blocking(move || import_bundle(&body, media, now))
            .await?
            .map_err(refused)
    } else {
        Err(ServiceError::Forbidden)
    };
    let result = outcome.as_ref().map_or_else(|e| e.code().0, |_| "ok");
    let mut tx = app.store.begin().await?;
    tx.audit(ctx.event(
        "consultation.import_fhir",
        "consultation/new".to_owned(),
        result,
        None,
    ))
    .await?;
    tx.commit().await?;
    outcome
}

/// What a bundle that cannot be read means to its sender.
pub(crate) fn refused(error: ImportError) -> ServiceError {
    let code = error.code();
    match error {
        ImportError::Incomplete(errors) => ServiceError::Content { code, errors },
        _ if code == codes::TOO_LARGE => ServiceError::TooLarge,
        _ if code == codes::MALFORMED => ServiceError::Malformed,
        _ => ServiceError::Content {
            code,
            errors: Vec::new(),
        },
    }
}
