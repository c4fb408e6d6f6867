//! Who and what the demo consists of: invented people, four institutions, twelve accounts.
//!
//! Everything follows from a number, so that two demos are alike. The identity numbers have valid
//! check characters and belong to nobody on purpose; whoever bears one does so by chance.

use consilium_domain::{
    Role, Sex,
    person::{BirthDate, id_check_character},
};
use consilium_protocol::consultation::PatientInput;

mod cases;

pub use cases::{CASES, Case};

/// An institution of the demo.
#[derive(Clone, Copy, Debug)]
pub struct DemoInstitution {
    /// Short stable code.
    pub code: &'static str,
    /// Name in Chinese.
    pub name_zh: &'static str,
    /// Name in English.
    pub name_en: &'static str,
    /// Which of the six institution colours.
    pub colour: u8,
    /// Runs the platform and is never invited.
    pub platform: bool,
}

/// One lead, two participants, one operator of the platform.
pub const INSTITUTIONS: [DemoInstitution; 4] = [
    institution("lead", "省立第一医院", "First Provincial Hospital", 1, false),
    institution("east", "东方医院", "East Hospital", 2, false),
    institution("west", "西山医院", "West Hill Hospital", 3, false),
    institution("platform", "平台运营中心", "Platform Operations Centre", 6, true),
];

const fn institution(
    code: &'static str,
    name_zh: &'static str,
    name_en: &'static str,
    colour: u8,
    platform: bool,
) -> DemoInstitution {
    DemoInstitution {
        code,
        name_zh,
        name_en,
        colour,
        platform,
    }
}

/// An account of the demo.
#[derive(Clone, Copy, Debug)]
pub struct DemoUser {
    /// User name.
    pub username: &'static str,
    /// Code of the institution.
    pub institution: &'static str,
    /// Role.
    pub role: Role,
    /// Name shown to colleagues.
    pub display_name: &'static str,
    /// Department.
    pub department: &'static str,
}

impl DemoUser {
    /// Professional title.
    #[must_use]
    pub const fn title(&self) -> &'static str {
        match self.role {
            Role::Expert => "主任医师",
            _ => "",
        }
    }

    /// Number of the licence to practise: invented, one an expert.
    #[must_use]
    pub fn licence(&self) -> String {
        let place = USERS.iter().position(|user| user.username == self.username);
        match (self.role, place) {
            (Role::Expert, Some(place)) => format!("1103300000{place:05}"),
            _ => String::new(),
        }
    }
}

/// The accounts by contract: their names do not change.
pub const USERS: [DemoUser; 12] = [
    user("lead.admin", "lead", Role::Admin, "周明远", "医务处"),
    user("lead.operator", "lead", Role::Operator, "沈佳", "远程医学中心"),
    user("lead.expert", "lead", Role::Expert, "顾文渊", "神经外科"),
    user("east.admin", "east", Role::Admin, "韩雪", "医务处"),
    user("east.operator", "east", Role::Operator, "罗晨", "远程会诊室"),
    user("east.expert", "east", Role::Expert, "林若溪", "放射科"),
    user("west.admin", "west", Role::Admin, "马建国", "医务处"),
    user("west.operator", "west", Role::Operator, "苏蕾", "远程会诊室"),
    user("west.expert", "west", Role::Expert, "陆承志", "肿瘤科"),
    user("reviewer", "lead", Role::Reviewer, "何静", "质量管理科"),
    user("auditor", "platform", Role::Auditor, "郑毅", "信息安全部"),
    user("ops", "platform", Role::Ops, "吴昊", "系统运行部"),
];

const fn user(
    username: &'static str,
    institution: &'static str,
    role: Role,
    display_name: &'static str,
    department: &'static str,
) -> DemoUser {
    DemoUser {
        username,
        institution,
        role,
        display_name,
        department,
    }
}

const FAMILIES: [&str; 24] = [
    "王", "李", "张", "刘", "陈", "杨", "黄", "赵", "吴", "徐", "孙", "马", "朱", "胡", "郭", "高", "梁",
    "宋", "唐", "欧阳", "许", "邓", "冯", "上官",
];
const GIVEN_MALE: [&str; 20] = [
    "伟", "强", "建军", "志远", "浩然", "子轩", "国庆", "海涛", "文博", "俊杰", "宇航", "立新", "德明",
    "永康", "一凡", "书豪", "振华", "少华", "景行", "安邦",
];
const GIVEN_FEMALE: [&str; 20] = [
    "芳", "秀英", "丽娟", "雨桐", "欣怡", "梦瑶", "桂兰", "淑珍", "雅琴", "晓燕", "思涵", "若曦", "红梅",
    "玉洁", "诗雨", "静雯", "春梅", "佳宁", "婉清", "念慈",
];
/// Area code of the identity number, native place, home address without house number.
const AREAS: [(&str, &str, &str); 12] = [
    ("330106", "浙江省杭州市", "浙江省杭州市西湖区文溪路"),
    ("330602", "浙江省绍兴市", "浙江省绍兴市越城区鉴湖路"),
    ("320104", "江苏省南京市", "江苏省南京市秦淮区秣陵街"),
    ("340103", "安徽省合肥市", "安徽省合肥市庐阳区寿春巷"),
    ("350203", "福建省厦门市", "福建省厦门市思明区莲岳里"),
    ("420106", "湖北省武汉市", "湖北省武汉市武昌区东湖坊"),
    ("430102", "湖南省长沙市", "湖南省长沙市芙蓉区浏河苑"),
    ("510104", "四川省成都市", "四川省成都市锦江区望江里"),
    ("610113", "陕西省西安市", "陕西省西安市雁塔区翠华巷"),
    ("530102", "云南省昆明市", "云南省昆明市五华区翠湖弄"),
    ("210102", "辽宁省沈阳市", "辽宁省沈阳市和平区南湖街"),
    ("370102", "山东省济南市", "山东省济南市历下区泉城里"),
];
const ETHNICITIES: [&str; 8] = ["汉族", "汉族", "汉族", "汉族", "汉族", "回族", "满族", "土家族"];

/// Numbers that look random and are the same in every demo (SplitMix64).
struct Dice(u64);

impl Dice {
    const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.roll().checked_rem(limit).unwrap_or_default()
    }

    fn pick<T: Copy + Default>(&mut self, from: &[T]) -> T {
        let count = u64::try_from(from.len()).unwrap_or(1);
        let at = usize::try_from(self.below(count)).unwrap_or_default();
        from.get(at).copied().unwrap_or_default()
    }
}

/// `count` different invented patients, the same in every demo.
#[must_use]
pub fn patients(count: u32) -> Vec<PatientInput> {
    (0..count)
        .map(|number| {
            let mut dice = Dice(u64::from(number).wrapping_mul(7919));
            let sex = if dice.below(2) == 0 {
                Sex::Male
            } else {
                Sex::Female
            };
            let born = format!(
                "{:04}-{:02}-{:02}",
                1938 + dice.below(84),
                1 + dice.below(12),
                1 + dice.below(28)
            );
            person(number, sex, &born)
        })
        .collect()
}

/// One invented patient of a given sex and birth date (`YYYY-MM-DD`), told apart by `number`.
#[must_use]
pub fn person(number: u32, sex: Sex, born: &str) -> PatientInput {
    let mut dice = Dice(u64::from(number).wrapping_add(20_261_122));
    let male = sex == Sex::Male;
    let (area, native_place, street) = dice.pick(&AREAS);
    let name = format!(
        "{}{}",
        dice.pick(&FAMILIES),
        dice.pick(if male { &GIVEN_MALE } else { &GIVEN_FEMALE })
    );
    // The sequence number is odd for men and even for women (GB 11643).
    let sequence = dice.below(499) * 2 + u64::from(male);
    let digits = format!("{area}{}{sequence:03}", born.replace('-', ""));
    let id_number = id_check_character(&digits)
        .map(|check| format!("{digits}{check}"))
        .unwrap_or_default();
    PatientInput {
        name,
        sex: Some(sex),
        birth_date: BirthDate::parse(born).ok(),
        id_number,
        other_number: String::new(),
        phone: format!("1990000{:04}", dice.below(10_000)),
        ethnicity: dice.pick(&ETHNICITIES).to_owned(),
        native_place: native_place.to_owned(),
        address: format!("{street}{}号{}室", 1 + dice.below(180), 101 + dice.below(2400)),
        record_number: format!("ZY{:06}", 100_000 + u64::from(number) * 37 + dice.below(37)),
        infectious: false,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use consilium_domain::person::{IdNumber, PersonName, Phone, icd10_well_formed};
    use consilium_protocol::limits;

    use super::*;

    fn check(p: &PatientInput) {
        let id = IdNumber::parse(&p.id_number).unwrap();
        assert_eq!(Some(id.sex()), p.sex);
        assert_eq!(id.birth_date(), p.birth_date);
        assert!(p.birth_date.is_some());
        PersonName::parse(&p.name).unwrap();
        Phone::parse(&p.phone).unwrap();
        for text in [&p.ethnicity, &p.native_place, &p.address, &p.record_number] {
            assert!(!text.is_empty());
        }
    }

    #[test]
    fn people_are_valid_different_and_the_same_every_time() {
        let people = patients(500);
        assert_eq!(people, patients(500));
        people.iter().for_each(check);
        let ids: HashSet<_> = people.iter().map(|p| p.id_number.clone()).collect();
        let records: HashSet<_> = people.iter().map(|p| p.record_number.clone()).collect();
        assert_eq!((ids.len(), records.len()), (500, 500));
        assert!(people.iter().any(|p| p.sex == Some(Sex::Male)));
        assert!(people.iter().any(|p| p.sex == Some(Sex::Female)));
    }

    #[test]
    fn accounts_follow_the_contract() {
        let names: Vec<_> = USERS.iter().map(|u| u.username).collect();
        assert_eq!(
            names.join(" "),
            "lead.admin lead.operator lead.expert east.admin east.operator east.expert west.admin \
             west.operator west.expert reviewer auditor ops"
        );
        for user in USERS {
            let home = INSTITUTIONS.iter().find(|i| i.code == user.institution).unwrap();
            assert_eq!(
                home.platform,
                matches!(user.role, Role::Auditor | Role::Ops),
                "{}",
                user.username
            );
            assert!(!user.display_name.is_empty() && !user.department.is_empty());
        }
        assert!(INSTITUTIONS.iter().all(|i| (1..=6).contains(&i.colour)));
    }

    #[test]
    fn cases_fit_the_form() {
        assert!(CASES.len() >= 6);
        for case in &CASES {
            check(&case.patient());
            let clinical = case.clinical();
            assert!(
                icd10_well_formed(&clinical.diagnosis_code),
                "{}",
                clinical.diagnosis_code
            );
            assert!(clinical.preliminary_diagnosis.chars().count() <= limits::DIAGNOSIS_CHARS);
            for text in [
                &clinical.preliminary_diagnosis,
                &clinical.need,
                &clinical.chief_complaint,
                &clinical.present_illness,
                &clinical.past_history,
                &clinical.treatment,
                &clinical.lab_summary,
            ] {
                assert!((2..=limits::NEED_CHARS).contains(&text.chars().count()));
            }
        }
    }
}
