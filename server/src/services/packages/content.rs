//! What a version of a package holds, and its manifest: the list of every row with source, times, version and
//! hash, whose own hash fixes the whole (clause 7.2 g).

use consilium_domain::{
    AttachmentId, ConsultationId, InstitutionId, ItemId, RecordKind, SeriesId, Timestamp,
    canonical::{canonical_json, sha256_hex},
    element::Dictionary,
    masking::RuleSet,
};
use consilium_protocol::{
    exchange::RuleSetRef,
    preparation::{Item, Missing, Quality, SeriesReference, ValueConflict},
    room::Attachment,
    session::Institution,
};
use serde::{Deserialize, Serialize};

use crate::error::ServiceError;

/// Format of the manifest.
const FORMAT: u16 = 1;

/// What is sealed beside a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// Masking rules of the data.
    pub rules: RuleSetRef,
    /// Dictionary it was checked against.
    pub dictionary: DictionaryRef,
    /// Score of the whole.
    pub quality: Quality,
    /// Score by category.
    pub by_category: Vec<(consilium_domain::DataCategory, Quality)>,
    /// Score by institution.
    pub by_institution: Vec<(Institution, Quality)>,
    /// What is missing or wrong.
    pub missing: Vec<Missing>,
    /// What does not agree.
    pub conflicts: Vec<ValueConflict>,
    /// The rows, masked.
    pub items: Vec<Item>,
    /// Image series.
    pub series: Vec<SeriesReference>,
    /// Documents and pictures added in session.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
}

/// Which dictionary.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DictionaryRef {
    /// Version.
    pub version: String,
    /// SHA-256 of its canonical JSON, hex.
    pub hash: String,
}

impl DictionaryRef {
    /// The dictionary in use.
    #[must_use]
    pub fn current() -> Self {
        let dictionary = Dictionary::builtin();
        Self {
            version: dictionary.version.to_string(),
            hash: dictionary.hash.clone(),
        }
    }
}

/// The masking rules in use.
#[must_use]
pub(crate) fn rules() -> RuleSetRef {
    let rules = RuleSet::builtin();
    RuleSetRef {
        version: rules.version().to_owned(),
        hash: rules.hash().to_owned(),
    }
}

/// The manifest.
#[derive(Serialize)]
struct Manifest<'a> {
    format: u16,
    consultation_id: ConsultationId,
    number: &'a str,
    version: i32,
    rules: &'a RuleSetRef,
    dictionary: &'a DictionaryRef,
    items: Vec<Line<'a>>,
    series: Vec<SeriesLine<'a>>,
    // Left out when there are none, so that manifests from before there could be any keep their hash.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<AttachmentLine<'a>>,
}

#[derive(Serialize)]
struct AttachmentLine<'a> {
    attachment_id: AttachmentId,
    institution_id: InstitutionId,
    media: &'a str,
    bytes: u64,
    added_at: Timestamp,
    sha256: &'a str,
}

#[derive(Serialize)]
struct Line<'a> {
    item_id: ItemId,
    institution_id: InstitutionId,
    kind: RecordKind,
    key: &'a str,
    version: i32,
    available_at: Timestamp,
    received_at: Timestamp,
    hash: &'a str,
}

#[derive(Serialize)]
struct SeriesLine<'a> {
    series_id: SeriesId,
    institution_id: InstitutionId,
    instances: u32,
    hash: &'a str,
}

impl Content {
    /// The manifest in its one spelling. Its SHA-256 is the package's hash.
    ///
    /// # Errors
    /// Never in practice: the types are JSON.
    pub fn manifest(
        &self,
        consultation: ConsultationId,
        number: &str,
        version: i32,
    ) -> Result<String, ServiceError> {
        let manifest = Manifest {
            format: FORMAT,
            consultation_id: consultation,
            number,
            version,
            rules: &self.rules,
            dictionary: &self.dictionary,
            items: self
                .items
                .iter()
                .map(|item| Line {
                    item_id: item.reference.item_id,
                    institution_id: item.institution.id,
                    kind: item.reference.kind,
                    key: &item.reference.key,
                    version: item.reference.version,
                    available_at: item.reference.available_at,
                    received_at: item.received_at,
                    hash: &item.reference.hash,
                })
                .collect(),
            series: self
                .series
                .iter()
                .map(|series| SeriesLine {
                    series_id: series.series_id,
                    institution_id: series.institution.id,
                    instances: series.instances,
                    hash: &series.hash,
                })
                .collect(),
            attachments: self
                .attachments
                .iter()
                .map(|of| AttachmentLine {
                    attachment_id: of.id,
                    institution_id: of.institution.id,
                    media: &of.media,
                    bytes: of.bytes,
                    added_at: of.added_at,
                    sha256: &of.sha256,
                })
                .collect(),
        };
        Ok(canonical_json(&serde_json::to_value(manifest)?))
    }

    /// What tells whether the data has changed: rows and series by hash, rules and dictionary, but no times.
    #[must_use]
    pub fn source_hash(&self) -> String {
        let mut lines: Vec<String> = self
            .items
            .iter()
            .map(|item| format!("{} {}", item.reference.item_id, item.reference.hash))
            .chain(
                self.series
                    .iter()
                    .map(|series| format!("{} {}", series.series_id, series.hash)),
            )
            .chain(
                self.attachments
                    .iter()
                    .map(|of| format!("{} {}", of.id, of.sha256)),
            )
            .collect();
        lines.sort();
        lines.push(format!("{} {}", self.rules.hash, self.dictionary.hash));
        sha256_hex(lines.join("\n").as_bytes())
    }

    /// Keeps only what one institution gave, with its own numbers.
    #[must_use]
    pub fn own(mut self, institution: InstitutionId) -> Self {
        self.items.retain(|item| item.institution.id == institution);
        self.series.retain(|series| series.institution.id == institution);
        self.attachments.retain(|of| of.institution.id == institution);
        self.missing
            .retain(|missing| missing.institution.id == institution);
        self.by_institution.retain(|(of, _)| of.id == institution);
        self.by_category.clear();
        self.conflicts.clear();
        self.quality = self
            .by_institution
            .first()
            .map(|(_, quality)| quality.clone())
            .unwrap_or_default();
        self
    }
}
