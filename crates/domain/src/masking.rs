//! The published masking rules (clause 8.3.1): one versioned document that says for every kind of
//! identifying value how it is shown to whom. All masking goes through [`RuleSet`]; nothing else can make a
//! [`Masked`] value.
//!
//! Every mask has a fixed width, so that it does not tell the length of what it hides. A rule set that would
//! show a name, a number, a phone or an address in clear is refused when it is read.

mod address;
mod form;
mod scrub;

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use serde::{Deserialize, Serialize};

use crate::{
    MaskKind, Masked,
    canonical::{canonical_json, sha256_hex},
    person::{Age, BirthDate},
};

pub use address::{AddressPart, Areas, ParsedAddress};
pub use form::NameShape;
pub use scrub::{Hit, KnownPerson, ScrubError, Scrubbed};

/// To whom a value is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// On the screens of the institution that holds the value (院内展示).
    Staff,
    /// In everything that goes to another institution (机构间交换).
    Exchange,
    /// The same for special groups: minors, infectious cases and others that are flagged (特殊人群).
    Strict,
    /// In data that leaves the country or the purpose of care (导出、出境).
    Export,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 4] = [Self::Staff, Self::Exchange, Self::Strict, Self::Export];

    /// The code used in the published document.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Exchange => "exchange",
            Self::Strict => "strict",
            Self::Export => "export",
        }
    }
}

impl MaskKind {
    /// Whether the value tells who the patient is, so that no rule may keep it as it is.
    #[must_use]
    pub const fn identifying(self) -> bool {
        match self {
            Self::Keep | Self::Pseudonym | Self::Age | Self::Ethnicity => false,
            Self::Name
            | Self::IdNumber
            | Self::Document
            | Self::Phone
            | Self::Email
            | Self::Account
            | Self::Address
            | Self::NativePlace
            | Self::BirthDate
            | Self::RecordNumber
            | Self::FreeText
            | Self::Uid => true,
        }
    }
}

/// How one kind is shown in one profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "rule", rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// As it is.
    Keep,
    /// Nothing is shown.
    Remove,
    /// A keyed pseudonym stands for it, made where the key is; as a text nothing is shown.
    Replace,
    /// Parts of a name (rule V5).
    Name {
        /// Which parts.
        shape: NameShape,
    },
    /// The first and the last characters around a fixed text.
    Edges {
        /// Characters kept at the start.
        head: u8,
        /// Characters kept at the end.
        tail: u8,
        /// A value that would hide fewer characters than this is hidden completely.
        hidden_min: u8,
        /// What stands for the rest.
        fill: String,
    },
    /// A phone number: mobile by its edges, landline by its area code.
    Phone {
        /// Digits kept at the start of a mobile number.
        head: u8,
        /// Digits kept at the end.
        tail: u8,
        /// Whether the area code of a landline is kept.
        area_code: bool,
        /// What stands for the rest.
        fill: String,
    },
    /// The administrative areas of an address, never a number of characters.
    Address {
        /// The smallest area kept.
        down_to: AddressPart,
        /// What stands for the rest.
        fill: String,
    },
    /// The year of a date.
    Year,
    /// A number of years up to a limit.
    Cap {
        /// From this age on only `≥` and the limit are shown.
        years: u32,
    },
    /// A text with what identifies a person replaced (rule V7).
    Scrub,
}

/// Why a document is no rule set.
#[derive(Debug, thiserror::Error)]
pub enum MaskingError {
    /// Not JSON, an unknown rule, or a field missing; the text names it.
    #[error("not a masking rule set: {0}")]
    Form(#[from] serde_json::Error),
    /// A kind has no rules.
    #[error("no rules for {}", .0.code())]
    Missing(MaskKind),
    /// A rule would show an identifying value as it is.
    #[error("{} may not be kept in clear in {}", kind.code(), profile.code())]
    Clear {
        /// Of what.
        kind: MaskKind,
        /// Where.
        profile: Profile,
    },
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Profiles {
    staff: Rule,
    exchange: Rule,
    strict: Rule,
    export: Rule,
}

/// Who belongs to the special groups.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SpecialGroups {
    minor_below_years: u32,
    profile: Profile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(rename = "title")]
    _title: String,
    version: String,
    #[serde(rename = "clause")]
    _clause: String,
    special_groups: SpecialGroups,
    kinds: BTreeMap<MaskKind, Profiles>,
    names: form::Names,
    scrub: scrub::Words,
    ethnic_groups: String,
    areas: BTreeMap<String, BTreeMap<String, String>>,
}

/// A published rule set.
pub struct RuleSet {
    version: String,
    hash: String,
    published: String,
    special: SpecialGroups,
    kinds: BTreeMap<MaskKind, Profiles>,
    names: form::Names,
    areas: Areas,
    words: scrub::Lexicon,
}

impl fmt::Debug for RuleSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleSet")
            .field("version", &self.version)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

static BUILTIN: LazyLock<RuleSet> = LazyLock::new(|| {
    RuleSet::parse(include_str!("../data/masking.v1.json")).unwrap_or_else(|_| RuleSet::closed())
});

impl RuleSet {
    /// Reads a published document.
    ///
    /// # Errors
    /// Not a rule set, a kind without rules, or a rule that would show an identifying value in clear.
    pub fn parse(text: &str) -> Result<Self, MaskingError> {
        let value: serde_json::Value = serde_json::from_str(text)?;
        let hash = sha256_hex(canonical_json(&value).as_bytes());
        let document: Document = serde_json::from_value(value)?;
        for &kind in MaskKind::ALL {
            let profiles = document.kinds.get(&kind).ok_or(MaskingError::Missing(kind))?;
            for profile in Profile::ALL {
                if kind.identifying() && *profiles.of(profile) == Rule::Keep {
                    return Err(MaskingError::Clear { kind, profile });
                }
            }
        }
        Ok(Self {
            version: document.version,
            hash,
            published: text.to_owned(),
            special: document.special_groups,
            kinds: document.kinds,
            names: document.names,
            areas: Areas::new(document.areas, &document.ethnic_groups),
            words: scrub::Lexicon::new(&document.scrub),
        })
    }

    /// The rule set of this version of the program.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// A rule set that shows nothing: what is left if the built-in document could not be read.
    fn closed() -> Self {
        Self {
            version: "closed".to_owned(),
            hash: String::new(),
            published: "{}".to_owned(),
            special: SpecialGroups {
                minor_below_years: u32::MAX,
                profile: Profile::Strict,
            },
            kinds: BTreeMap::new(),
            names: form::Names::default(),
            areas: Areas::default(),
            words: scrub::Lexicon::default(),
        }
    }

    /// Version of the document, `major.minor.patch`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// SHA-256 over the canonical bytes of the document, 64 hexadecimal characters. Every exchange message
    /// carries it.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The document as it is published.
    #[must_use]
    pub fn published(&self) -> &str {
        &self.published
    }

    /// Whether a peer masks by the same rules (clause 8.3.1: one standard in all centres).
    #[must_use]
    pub fn same_as(&self, version: &str, hash: &str) -> bool {
        !self.hash.is_empty() && self.version == version && self.hash == hash
    }

    /// Whether somebody of this age is a minor to be protected (clause 8.3.2).
    #[must_use]
    pub const fn minor(&self, age: Age) -> bool {
        age.years() < self.special.minor_below_years
    }

    /// The profile for a patient: special groups get the stricter one wherever less strict was asked for.
    #[must_use]
    pub fn profile(&self, asked: Profile, age: Option<Age>, flagged: bool) -> Profile {
        if flagged || age.is_some_and(|age| self.minor(age)) {
            asked.max(self.special.profile)
        } else {
            asked
        }
    }

    /// The rule for a kind in a profile.
    #[must_use]
    pub fn rule(&self, kind: MaskKind, profile: Profile) -> &Rule {
        self.kinds.get(&kind).map_or(&Rule::Remove, |p| p.of(profile))
    }

    /// Masks a value of a kind. Empty stays empty; a removed value is empty.
    #[must_use]
    pub fn mask(&self, kind: MaskKind, profile: Profile, clear: &str) -> Masked<String> {
        self.apply(self.rule(kind, profile), kind, profile, clear.trim())
    }

    /// A name by rule V5: `张*`, `张*三`, `欧**娜`; Latin names keep the initials.
    #[must_use]
    pub fn name(&self, profile: Profile, clear: &str) -> Masked<String> {
        self.mask(MaskKind::Name, profile, clear)
    }

    /// An identity number of any kind: resident identity numbers by their form, everything else as another
    /// document.
    #[must_use]
    pub fn number(&self, profile: Profile, clear: &str) -> Masked<String> {
        let number = crate::person::canonical_number(clear);
        let kind = if form::resident_form(&number) {
            MaskKind::IdNumber
        } else {
            MaskKind::Document
        };
        self.mask(kind, profile, &number)
    }

    /// A phone number: `138****1234`, `0571-****1234`.
    #[must_use]
    pub fn phone(&self, profile: Profile, clear: &str) -> Masked<String> {
        self.mask(MaskKind::Phone, profile, clear)
    }

    /// An address by its parts: `浙江省杭州市西湖区***`.
    #[must_use]
    pub fn address(&self, profile: Profile, clear: &str) -> Masked<String> {
        self.mask(MaskKind::Address, profile, clear)
    }

    /// Native place: province and city.
    #[must_use]
    pub fn native_place(&self, profile: Profile, clear: &str) -> Masked<String> {
        self.mask(MaskKind::NativePlace, profile, clear)
    }

    /// A birth date: its year or nothing.
    #[must_use]
    pub fn birth(&self, profile: Profile, clear: BirthDate) -> Masked<String> {
        self.mask(MaskKind::BirthDate, profile, &String::from(clear))
    }

    /// A record number of the home institution: nothing of it leaves.
    #[must_use]
    pub fn record_number(&self, profile: Profile, clear: &str) -> Masked<String> {
        self.mask(MaskKind::RecordNumber, profile, clear)
    }

    /// The administrative areas of an address.
    #[must_use]
    pub fn areas(&self) -> &Areas {
        &self.areas
    }

    fn apply(&self, rule: &Rule, kind: MaskKind, profile: Profile, clear: &str) -> Masked<String> {
        if clear.is_empty() {
            return Masked::new(String::new());
        }
        Masked::new(match rule {
            Rule::Keep => clear.to_owned(),
            Rule::Remove | Rule::Replace => String::new(),
            Rule::Name { shape } => form::name(clear, *shape, &self.names),
            Rule::Edges {
                head,
                tail,
                hidden_min,
                fill,
            } => form::edges(clear, (*head).into(), (*tail).into(), (*hidden_min).into(), fill),
            Rule::Phone {
                head,
                tail,
                area_code,
                fill,
            } => form::phone(clear, (*head).into(), (*tail).into(), *area_code, fill),
            Rule::Address { down_to, fill } => {
                let kept = self.areas.parse(clear).kept(*down_to);
                // Without a fill the areas are all there was to say.
                if kept.is_empty() && fill.is_empty() && kind == MaskKind::NativePlace {
                    self.words.removed.clone()
                } else {
                    format!("{kept}{fill}")
                }
            }
            Rule::Year => form::year(clear),
            Rule::Cap { years } => form::cap(clear, *years),
            Rule::Scrub => return self.scrub(profile, clear, &KnownPerson::default()).text,
        })
    }
}

impl Profiles {
    const fn of(&self, profile: Profile) -> &Rule {
        match profile {
            Profile::Staff => &self.staff,
            Profile::Exchange => &self.exchange,
            Profile::Strict => &self.strict,
            Profile::Export => &self.export,
        }
    }
}
