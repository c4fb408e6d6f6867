//! FHIR R4 bundles into the request form.

use bytes::Bytes;
use consilium_domain::permission::may_create;
use consilium_interop::fhir::{ImportError, import_bundle};
use consilium_protocol::{codes, consultation::FhirImport};

use crate::{ctx::Ctx, error::ServiceError, state::App};

/// Reads a bundle. Nothing of it is stored; the reading is audited without content.
///
/// # Errors
/// Not allowed, not a bundle, or mandatory elements missing (each named).
pub async fn import(app: &App, ctx: &Ctx, body: Bytes) -> Result<FhirImport, ServiceError> {
    let outcome = if may_create(ctx.account.role) {
        let now = ctx.now();
        tokio::task::spawn_blocking(move || import_bundle(&body, now))
            .await?
            .map_err(|error| match error {
                ImportError::Incomplete(errors) => ServiceError::Content {
                    code: codes::FHIR_INCOMPLETE,
                    errors,
                },
                ImportError::TooLarge => ServiceError::TooLarge,
                ImportError::NotJson { .. } => ServiceError::Malformed,
                ImportError::NotBundle => ServiceError::Content {
                    code: codes::FHIR_NOT_BUNDLE,
                    errors: Vec::new(),
                },
            })
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
