//! Chinese addresses by their administrative areas. Only names of the published list are ever kept, so that
//! an unknown spelling hides more, never less.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// The levels of an address that a rule may keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressPart {
    /// 省, 自治区, 直辖市, 特别行政区
    Province,
    /// 地级市, 自治州, 地区, 盟
    City,
    /// 区, 县, 县级市, 旗, 自治县, 自治旗, 林区
    District,
}

/// The administrative areas at the start of an address. What follows them is not part of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedAddress {
    /// Province, by its full name.
    pub province: Option<String>,
    /// City, by its full name. `None` under a municipality, and where the address leaves it out.
    pub city: Option<String>,
    /// District or county.
    pub district: Option<String>,
    /// How many characters of the text name these areas.
    pub chars: usize,
}

impl ParsedAddress {
    /// The areas down to a level, in one text.
    #[must_use]
    pub fn kept(&self, down_to: AddressPart) -> String {
        let city = self.city.as_deref().filter(|_| down_to >= AddressPart::City);
        let district = self
            .district
            .as_deref()
            .filter(|_| down_to >= AddressPart::District);
        [self.province.as_deref(), city, district]
            .into_iter()
            .flatten()
            .collect()
    }

    /// Whether any area was found.
    #[must_use]
    pub const fn found(&self) -> bool {
        self.province.is_some() || self.city.is_some() || self.district.is_some()
    }
}

/// A name with the shorter forms people write.
#[derive(Debug)]
struct Name {
    full: Vec<char>,
    short: Vec<Vec<char>>,
}

#[derive(Debug)]
struct City {
    /// Empty for what lies directly under the province.
    name: Option<Name>,
    districts: Vec<Vec<char>>,
}

#[derive(Debug)]
struct Province {
    name: Name,
    cities: Vec<City>,
}

/// The administrative areas of a rule set (GB/T 2260).
#[derive(Debug, Default)]
pub struct Areas {
    provinces: Vec<Province>,
    /// Characters with which a text that names an area may begin.
    first: BTreeSet<char>,
}

/// What a position of a text may be read as.
struct Found<'a> {
    city: Option<(&'a City, &'a Name)>,
    district: Option<&'a Vec<char>>,
    end: usize,
}

impl Areas {
    pub(super) fn new(areas: BTreeMap<String, BTreeMap<String, String>>, ethnic_groups: &str) -> Self {
        let groups: Vec<Vec<char>> = ethnic_groups
            .split_whitespace()
            .map(|group| group.chars().collect())
            .collect();
        let city = |(name, districts): (String, String)| City {
            name: (!name.is_empty()).then(|| Name::new(&name, &["市", "地区", "盟"], "自治州", &groups)),
            districts: districts
                .split_whitespace()
                .map(|district| district.chars().collect())
                .collect(),
        };
        let provinces: Vec<Province> = areas
            .into_iter()
            .map(|(name, cities)| Province {
                name: Name::new(&name, &["省", "市", "特别行政区"], "自治区", &groups),
                cities: cities.into_iter().map(city).collect(),
            })
            .collect();
        let cities = || provinces.iter().flat_map(|province| &province.cities);
        let names = provinces.iter().map(|province| &province.name.full);
        let names = names.chain(cities().filter_map(|city| Some(&city.name.as_ref()?.full)));
        let names = names.chain(cities().flat_map(|city| &city.districts));
        let first = names
            .filter_map(|name| name.first().copied())
            .chain(['中'])
            .collect();
        Self { provinces, first }
    }

    /// The areas that an address starts with.
    #[must_use]
    pub fn parse(&self, text: &str) -> ParsedAddress {
        let chars: Vec<char> = text.chars().collect();
        self.parse_at(&chars, 0)
    }

    /// The areas named from a position of a text on.
    pub(super) fn parse_at(&self, chars: &[char], start: usize) -> ParsedAddress {
        let mut at = skip_spaces(chars, start);
        if !chars.get(at).is_some_and(|c| self.first.contains(c)) {
            return ParsedAddress::default();
        }
        for country in ["中华人民共和国", "中国"] {
            at = after(chars, at, &country.chars().collect::<Vec<_>>()).unwrap_or(at);
        }
        at = skip_spaces(chars, at);
        let province = self
            .provinces
            .iter()
            .filter_map(|province| Some((province, province.name.end(chars, at)?)))
            .max_by_key(|(_, end)| *end);
        let mut found = ParsedAddress::default();
        let (cities, at) = match province {
            Some((province, end)) => {
                found.province = Some(province.name.full.iter().collect());
                found.chars = end - start;
                // 北京市北京市..., as forms with fixed levels write it.
                let again = skip_spaces(chars, end);
                let at = after(chars, again, &province.name.full).unwrap_or(end);
                (province.cities.iter().collect::<Vec<_>>(), at)
            }
            None => (self.provinces.iter().flat_map(|p| &p.cities).collect(), at),
        };
        let at = skip_spaces(chars, at);
        let Some(next) = best(&cities, chars, at, province.is_some()) else {
            return found;
        };
        found.chars = next.end - start;
        found.district = next.district.map(|d| d.iter().collect());
        if let Some((city, name)) = next.city {
            found.city = Some(name.full.iter().collect());
            let at = skip_spaces(chars, next.end);
            let district = longest(city.districts.iter(), chars, at);
            if let Some((district, end)) = district {
                found.district = Some(district.iter().collect());
                found.chars = end - start;
            }
        }
        found
    }
}

/// The longest reading below the province: a city, or a district whose city was left out.
fn best<'a>(cities: &[&'a City], chars: &[char], at: usize, in_province: bool) -> Option<Found<'a>> {
    let mut best: Option<Found<'a>> = None;
    for &city in cities {
        if let Some(name) = &city.name {
            let end = if in_province {
                name.end(chars, at)
            } else {
                after(chars, at, &name.full)
            };
            if let Some(end) = end.filter(|end| best.as_ref().is_none_or(|b| *end >= b.end)) {
                best = Some(Found {
                    city: Some((city, name)),
                    district: None,
                    end,
                });
            }
        }
        let long = city.districts.iter().filter(|d| in_province || d.len() > 2);
        if let Some((district, end)) = longest(long, chars, at)
            && best.as_ref().is_none_or(|b| end > b.end)
        {
            best = Some(Found {
                city: None,
                district: Some(district),
                end,
            });
        }
    }
    best
}

fn longest<'a>(
    names: impl Iterator<Item = &'a Vec<char>>,
    chars: &[char],
    at: usize,
) -> Option<(&'a Vec<char>, usize)> {
    names
        .filter_map(|name| Some((name, after(chars, at, name)?)))
        .max_by_key(|(_, end)| *end)
}

/// The position after a name, if the text has it there.
fn after(chars: &[char], at: usize, name: &[char]) -> Option<usize> {
    chars.get(at..)?.starts_with(name).then_some(at + name.len())
}

fn skip_spaces(chars: &[char], at: usize) -> usize {
    let spaces = chars
        .iter()
        .skip(at)
        .take_while(|c| c.is_whitespace() || matches!(c, ',' | '，' | '、' | '-' | '/'))
        .count();
    at + spaces
}

impl Name {
    fn new(name: &str, suffixes: &[&str], autonomous: &str, groups: &[Vec<char>]) -> Self {
        let mut short = Vec::new();
        let mut add = |text: &[char]| {
            if text.len() >= 2 {
                short.push(text.to_vec());
            }
        };
        if let Some(base) = name.strip_suffix(autonomous) {
            let base: Vec<char> = base.chars().collect();
            let end = (2..base.len())
                .find(|&at| groups.iter().any(|group| after(&base, at, group).is_some()))
                .unwrap_or(base.len());
            let place = base.get(..end).unwrap_or(&base);
            add(place);
            if autonomous == "自治州" {
                let mut with_kind = place.to_vec();
                with_kind.push('州');
                add(&with_kind);
            }
        } else if let Some(base) = suffixes.iter().find_map(|suffix| name.strip_suffix(suffix)) {
            add(&base.chars().collect::<Vec<_>>());
        }
        Self {
            full: name.chars().collect(),
            short,
        }
    }

    /// The position after this name: in full, or in a short form that is not the start of a street's name.
    fn end(&self, chars: &[char], at: usize) -> Option<usize> {
        after(chars, at, &self.full).or_else(|| {
            self.short
                .iter()
                .filter_map(|short| after(chars, at, short))
                .max()
                .filter(|&end| !street_follows(chars, end))
        })
    }
}

fn street_follows(chars: &[char], at: usize) -> bool {
    let next = |offset: usize| chars.get(at + offset).copied().unwrap_or(' ');
    let street = |c: char| matches!(c, '路' | '街' | '道' | '巷' | '弄' | '桥' | '村' | '新' | '里');
    street(next(0))
        || matches!(
            next(0),
            '东' | '西' | '南' | '北' | '中' | '大' | '一' | '二' | '三'
        ) && street(next(1))
}
