//! The rows of a package that come from the request form, not from a submission: patient, diagnosis,
//! treatment so far, the request itself, the experts (Table 1 rows 1.x, 2.x, 5.1, 6.1, 6.2).

use std::collections::BTreeMap;

use consilium_domain::{
    ConsentSigner, GuardianRelation, MaskKind, RecordKind, Sex, Timestamp,
    element::{Applicability, Dictionary, ElementId, ElementValue, Record},
    masking::{KnownPerson, Profile, RuleSet},
    person::Age,
};
use consilium_protocol::consultation::Clinical;
use consilium_storage::{Account, Consultation, Institution, Patient};

use crate::services::{consents, masking};

/// Longest case summary of the request (DE06.00.182.00), characters.
const SUMMARY_CHARS: usize = 200;
/// Names of GB/T 3304 in the order of their codes, from 01.
const ETHNICITIES: [&str; 56] = [
    "汉",
    "蒙古",
    "回",
    "藏",
    "维吾尔",
    "苗",
    "彝",
    "壮",
    "布依",
    "朝鲜",
    "满",
    "侗",
    "瑶",
    "白",
    "土家",
    "哈尼",
    "哈萨克",
    "傣",
    "黎",
    "傈僳",
    "佤",
    "畲",
    "高山",
    "拉祜",
    "水",
    "东乡",
    "纳西",
    "景颇",
    "柯尔克孜",
    "土",
    "达斡尔",
    "仫佬",
    "羌",
    "布朗",
    "撒拉",
    "毛南",
    "仡佬",
    "锡伯",
    "阿昌",
    "普米",
    "塔吉克",
    "怒",
    "乌孜别克",
    "俄罗斯",
    "鄂温克",
    "德昂",
    "保安",
    "裕固",
    "京",
    "塔塔尔",
    "独龙",
    "鄂伦春",
    "赫哲",
    "门巴",
    "珞巴",
    "基诺",
];

/// The code of an ethnic group by GB/T 3304; a text that names none stays as it is, for the check to find.
fn ethnicity(text: &str) -> String {
    let text = text.trim();
    let name = text.strip_suffix('族').unwrap_or(text);
    ETHNICITIES
        .iter()
        .position(|known| *known == name)
        .map_or_else(|| text.to_owned(), |at| format!("{:02}", at + 1))
}

/// GB/T 4761, first digit.
const fn relation(relation: GuardianRelation) -> &'static str {
    match relation {
        GuardianRelation::Spouse => "1",
        GuardianRelation::Child => "2",
        GuardianRelation::Parent => "5",
        GuardianRelation::Relative | GuardianRelation::Other => "8",
    }
}

/// What the form and the people of a consultation say.
pub(crate) struct Source<'a> {
    /// The consultation.
    pub consultation: &'a Consultation,
    /// Its patient, in clear.
    pub patient: &'a Patient,
    /// Its clinical data.
    pub clinical: &'a Clinical,
    /// The consent on record.
    pub consent: Option<&'a consents::Stored>,
    /// Experts named, with their institutions.
    pub experts: &'a [(Account, Institution)],
}

impl Source<'_> {
    /// The patient's age on the day of the session, so that a package does not change from day to day.
    #[must_use]
    pub(crate) fn age(&self) -> Option<Age> {
        let identity = self.patient.identity.expose();
        identity.birth_date?.age_at(self.consultation.scheduled_at)
    }

    /// What decides which elements apply.
    #[must_use]
    pub(crate) fn applicable(&self) -> Applicability {
        let identity = self.patient.identity.expose();
        let minor = !consilium_domain::preparation::consent::signer_suffices(
            ConsentSigner::Patient,
            identity.birth_date,
            self.consultation.scheduled_at,
        );
        let guarded = self
            .consent
            .is_some_and(|c| c.recorded && c.signer == ConsentSigner::Guardian);
        Applicability {
            imaging_needed: self
                .consultation
                .wanted
                .contains(&consilium_domain::DataCategory::Imaging),
            concluded: false,
            guardian_needed: minor || guarded,
            age: self.age(),
            masked: true,
        }
    }

    /// The profile by which the patient is masked.
    #[must_use]
    pub(crate) fn profile(&self) -> Profile {
        let infectious = self.patient.identity.expose().infectious;
        RuleSet::builtin().profile(Profile::Exchange, self.age(), infectious)
    }

    /// All that is known of the patient and the guardian, to find it in free text.
    #[must_use]
    pub(crate) fn known(&self) -> KnownPerson {
        let guardian = self.consent.and_then(|consent| consent.guardian.as_ref());
        masking::known(self.patient.identity.expose(), guardian)
    }

    /// Every row, in clear, for the check; see [`mask`].
    #[must_use]
    pub(crate) fn records(&self) -> Vec<Record> {
        let mut records = vec![self.patient_row(), self.clinical_row()];
        if !self.clinical.treatment.trim().is_empty() {
            let mut row = Row::default();
            row.text(ElementId::row(5, 1), &self.clinical.treatment);
            records.push(row.of(RecordKind::Treatment, "treatment", self.consultation.created_at));
        }
        records.push(self.request_row());
        records.extend(self.experts.iter().map(|(account, home)| {
            let mut row = Row::default();
            row.text(ElementId::part(6, 2, "name"), &account.display_name);
            row.text(ElementId::part(6, 2, "institution"), &home.name_zh);
            row.text(ElementId::part(6, 2, "department"), &account.department);
            row.text(ElementId::part(6, 2, "title"), &account.title);
            row.text(ElementId::part(6, 2, "licence"), &account.licence);
            let key = format!("expert-{}", account.id);
            row.of(RecordKind::Consultation, &key, self.consultation.created_at)
        }));
        records
    }

    fn patient_row(&self) -> Record {
        let identity = self.patient.identity.expose();
        let mut row = Row::default();
        row.text(ElementId::row(1, 1), &self.patient.platform_id);
        let (kind, number) = if identity.id_number.is_empty() {
            ("99", &identity.other_number)
        } else {
            ("01", &identity.id_number)
        };
        row.text(ElementId::row(1, 2), kind);
        row.text(ElementId::row(1, 3), number);
        row.text(ElementId::row(1, 4), &identity.record_number);
        row.text(ElementId::row(1, 5), &identity.name);
        let sex: Sex = self.patient.sex;
        row.text(ElementId::row(1, 6), sex.gb_code());
        match self.age() {
            Some(age) if age.months < 12 => {
                row.text(ElementId::row(1, 8), &format!("{} 0/30", age.months));
            }
            Some(age) => row.text(ElementId::row(1, 7), &age.years().to_string()),
            None => {}
        }
        if let Some(birth) = identity.birth_date {
            row.text(ElementId::row(1, 9), &String::from(birth));
        }
        row.text(ElementId::row(1, 10), &identity.phone);
        row.text(ElementId::row(1, 11), &ethnicity(&identity.ethnicity));
        row.text(ElementId::row(1, 12), &identity.native_place);
        row.text(ElementId::row(1, 13), &identity.address);
        if let Some(guardian) = self.consent.and_then(|c| c.guardian.as_ref()) {
            row.text(ElementId::part(1, 14, "name"), &guardian.name);
            if let Some(given) = guardian.relation {
                row.text(ElementId::part(1, 14, "relation"), relation(given));
            }
            row.text(ElementId::part(1, 14, "phone"), &guardian.phone);
        }
        row.text(ElementId::row(1, 15), if identity.infectious { "T" } else { "F" });
        row.of(RecordKind::Patient, "patient", self.consultation.created_at)
    }

    fn clinical_row(&self) -> Record {
        let c = self.clinical;
        let mut row = Row::default();
        for (number, text) in [
            (1, &c.chief_complaint),
            (2, &c.present_illness),
            (3, &c.past_history),
            (4, &c.personal_history),
            (5, &c.family_history),
            (6, &c.physical_exam),
            (8, &c.preliminary_diagnosis),
            (9, &c.diagnosis_code),
            (11, &c.diagnosis_basis),
        ] {
            row.text(ElementId::row(2, number), text);
        }
        row.of(RecordKind::Clinical, "clinical", self.consultation.created_at)
    }

    fn request_row(&self) -> Record {
        let (c, form) = (self.consultation, self.clinical);
        let part = |name: &str| ElementId::part(6, 1, name);
        let mut row = Row::default();
        row.text(part("number"), &c.number);
        row.text(part("kind"), c.kind.code());
        row.text(part("reason"), &form.need);
        row.text(part("purpose"), &form.purpose);
        row.text(part("summary"), &summary(form));
        row.text(part("time"), &c.scheduled_at.to_string());
        row.text(part("urgency"), c.urgency.code());
        row.text(part("specialty"), &form.wanted_specialty);
        row.of(RecordKind::Consultation, "request", c.created_at)
    }
}

/// The case in a few words: what the form says of it, as far as the element takes it.
fn summary(form: &Clinical) -> String {
    let parts: Vec<&str> = [
        &form.chief_complaint,
        &form.preliminary_diagnosis,
        &form.present_illness,
    ]
    .into_iter()
    .map(|text| text.trim())
    .filter(|text| !text.is_empty())
    .collect();
    parts.join("；").chars().take(SUMMARY_CHARS).collect()
}

#[derive(Default)]
struct Row(BTreeMap<ElementId, ElementValue>);

impl Row {
    /// A value, unless it is blank.
    fn text(&mut self, element: ElementId, text: &str) {
        if !text.trim().is_empty() {
            self.0.insert(element, ElementValue::new(text.trim()));
        }
    }

    fn of(self, kind: RecordKind, key: &str, available_at: Timestamp) -> Record {
        Record {
            kind,
            key: key.to_owned(),
            elements: self.0,
            available_at,
        }
    }
}

/// The elements of a row in their form for exchange; what masking removes is gone.
#[must_use]
pub(crate) fn mask(
    dictionary: &Dictionary,
    profile: Profile,
    known: &KnownPerson,
    record: &Record,
) -> BTreeMap<ElementId, ElementValue> {
    let rules = RuleSet::builtin();
    record
        .elements
        .iter()
        .filter_map(|(id, given)| {
            let element = dictionary.of_row(record.kind, id)?;
            let value = match element.mask {
                MaskKind::Keep | MaskKind::Pseudonym => given.value.clone(),
                MaskKind::FreeText => rules.scrub(profile, &given.value, known).text.get().clone(),
                MaskKind::IdNumber | MaskKind::Document => rules.number(profile, &given.value).get().clone(),
                kind => rules.mask(kind, profile, &given.value).get().clone(),
            };
            let kept = !value.trim().is_empty() || given.absent.is_some();
            kept.then(|| {
                (
                    id.clone(),
                    ElementValue {
                        value,
                        ..given.clone()
                    },
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ethnic_groups_get_their_codes() {
        for (text, code) in [
            ("汉族", "01"),
            ("汉", "01"),
            (" 回族 ", "03"),
            ("土家族", "15"),
            ("基诺族", "56"),
            ("07", "07"),
            ("火星族", "火星族"),
            ("", ""),
        ] {
            assert_eq!(ethnicity(text), code, "{text}");
        }
    }

    #[test]
    fn the_summary_keeps_within_the_element() {
        let form = Clinical {
            chief_complaint: "头痛三天".to_owned(),
            preliminary_diagnosis: "左额叶占位".to_owned(),
            present_illness: "长".repeat(500),
            ..Clinical::default()
        };
        let text = summary(&form);
        assert!(text.starts_with("头痛三天；左额叶占位；"));
        assert_eq!(text.chars().count(), SUMMARY_CHARS);
    }
}
