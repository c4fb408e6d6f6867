//! Numbers, times and ages as readers write them. Pure.

use consilium_domain::{Timestamp, person::Age};
use consilium_protocol::{
    consultation::MaskedPatient,
    page::Locale,
    preparation::{Expert, Share},
};

use crate::i18n::{self, Common, fill};

const MINUTE_MS: i64 = 60_000;

/// An age: years, or months below the age of two.
#[must_use]
pub fn age(age: Age, locale: Locale) -> String {
    let t = Common::of(locale);
    if age.months < 24 {
        fill(t.months, &[&age.months.to_string()])
    } else {
        fill(t.years, &[&age.years().to_string()])
    }
}

/// Masked name, sex and age in one line.
#[must_use]
pub fn patient_line(patient: &MaskedPatient, locale: Locale) -> String {
    let mut line = format!("{} · {}", patient.name, i18n::sex(patient.sex, locale));
    if let Some(of) = patient.age {
        line.push_str(if locale == Locale::En { ", " } else { " " });
        line.push_str(&age(of, locale));
    }
    line
}

/// How far `due` is from `now`, in the two largest units; the flag says that it has passed.
#[must_use]
pub fn distance(due: Timestamp, now: Timestamp, locale: Locale) -> (String, bool) {
    let t = Common::of(locale);
    let ms = due.since_ms(now);
    let over = ms <= 0;
    let minutes = ms.abs() / MINUTE_MS;
    let (days, hours, rest) = (minutes / 1440, minutes / 60, minutes % 60);
    let pick = |left, past| if over { past } else { left };
    let text = if days >= 2 {
        let template = pick(t.left_days_hours, t.over_days_hours);
        fill(template, &[&days.to_string(), &(hours % 24).to_string()])
    } else if hours > 0 {
        let template = pick(t.left_hours_minutes, t.over_hours_minutes);
        fill(template, &[&hours.to_string(), &rest.to_string()])
    } else {
        fill(pick(t.left_minutes, t.over_minutes), &[&minutes.to_string()])
    };
    (text, over)
}

/// A full time with its zone, for titles.
#[must_use]
pub fn absolute(at: Timestamp, locale: Locale) -> String {
    let t = Common::of(locale);
    match locale {
        Locale::ZhCn => format!("{} {}", t.zone, at.display()),
        Locale::En => format!("{} {}", at.display(), t.zone),
    }
}

/// Day and month as one says them: `11 月 22 日`, `22 November`.
#[must_use]
pub fn day(at: Timestamp, locale: Locale) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (_, month, day, ..) = at.display_parts();
    match locale {
        Locale::ZhCn => format!("{month} 月 {day} 日"),
        Locale::En => {
            let name = MONTHS.get(usize::from(month).saturating_sub(1)).copied();
            format!("{day} {}", name.unwrap_or_default())
        }
    }
}

/// Month, day and time of day: `11-22 14:05`.
#[must_use]
pub fn short(at: Timestamp) -> String {
    let (_, month, day, hour, minute, _) = at.display_parts();
    format!("{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// Time of day with seconds: `14:05:09`.
#[must_use]
pub fn clock(at: Timestamp) -> String {
    let (_, _, _, hour, minute, second) = at.display_parts();
    format!("{hour:02}:{minute:02}:{second:02}")
}

/// A size: bytes below 1000, then kB and MB, cut.
#[must_use]
pub fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", count / 1_000),
        _ => format!("{}.{} MB", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}

/// `2026-11-22T14:05`: the value of a `datetime-local` field in China Standard Time.
#[must_use]
pub fn local_value(at: Timestamp) -> String {
    at.display().replace(' ', "T")
}

/// Reads the value of a `datetime-local` field as China Standard Time.
#[must_use]
pub fn parse_local(value: &str) -> Option<Timestamp> {
    let seconds = if value.len() == 16 { ":00" } else { "" };
    Timestamp::parse_rfc3339(&format!("{value}{seconds}+08:00")).ok()
}

/// Reads the value of a `date` field as the beginning of that day, China Standard Time.
#[must_use]
pub fn parse_day(value: &str) -> Option<Timestamp> {
    parse_local(&format!("{value}T00:00"))
}

/// Year, month and day: `2026-11-22`.
#[must_use]
pub fn date(at: Timestamp) -> String {
    at.display().chars().take(10).collect()
}

/// Name, title and department of an expert.
#[must_use]
pub fn expert(of: &Expert) -> String {
    [&of.name, &of.title, &of.department]
        .into_iter()
        .filter(|part| !part.is_empty())
        .cloned()
        .collect::<Vec<_>>()
        .join(" ")
}

/// A share as a percentage, cut (not rounded) to one place: 98.96 % is not 99 %. A dash when nothing was counted.
#[must_use]
pub fn percent(share: Share) -> String {
    if share.whole == 0 {
        return "–".to_owned();
    }
    let tenths = u128::from(share.part) * 1000 / u128::from(share.whole);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// At least 99 %.
#[must_use]
pub const fn reaches_99(share: Share) -> bool {
    share.whole > 0 && share.part.saturating_mul(100) >= share.whole.saturating_mul(99)
}

/// A length of time in its largest units: `25 min`, `3 h 5 min`.
#[must_use]
pub fn length(ms: i64, locale: Locale) -> String {
    let t = Common::of(locale);
    let minutes = ms.max(0) / MINUTE_MS;
    if minutes < 60 {
        fill(t.length_minutes, &[&minutes.to_string()])
    } else {
        let parts = [(minutes / 60).to_string(), (minutes % 60).to_string()];
        fill(t.length_hours, &[&parts[0], &parts[1]])
    }
}

/// The next full hour, at least `ahead_ms` after `now`.
#[must_use]
pub fn next_hour(now: Timestamp, ahead_ms: i64) -> Timestamp {
    const HOUR_MS: i64 = 60 * MINUTE_MS;
    let at = now.plus_ms(ahead_ms).ms();
    Timestamp::from_ms(at.div_euclid(HOUR_MS).saturating_add(1).saturating_mul(HOUR_MS))
}

/// A long hexadecimal text in groups of four, to be read by eye.
#[must_use]
pub fn grouped(hex: &str) -> String {
    let mut out = String::with_capacity(hex.len() + hex.len() / 4);
    for (n, c) in hex.chars().enumerate() {
        if n > 0 && n % 4 == 0 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

/// Joins names as the language does.
#[must_use]
pub fn list<S: AsRef<str>>(items: &[S], locale: Locale) -> String {
    items
        .iter()
        .map(AsRef::as_ref)
        .collect::<Vec<_>>()
        .join(Common::of(locale).separator)
}

/// Percent-encodes a file name for a header: everything but unreserved ASCII.
#[must_use]
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_say_two_units() {
        let now = Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
        let zh = |ms| distance(now.plus_ms(ms), now, Locale::ZhCn);
        assert_eq!(zh(12 * MINUTE_MS), ("还有 12 分钟".to_owned(), false));
        assert_eq!(zh(72 * MINUTE_MS), ("还有 1 小时 12 分".to_owned(), false));
        assert_eq!(zh(-72 * MINUTE_MS), ("已过 1 小时 12 分".to_owned(), true));
        assert_eq!(zh(0), ("已过 0 分钟".to_owned(), true));
        assert_eq!(
            distance(now.plus_ms(49 * 60 * MINUTE_MS), now, Locale::En),
            ("2 d 1 h left".to_owned(), false)
        );
    }

    #[test]
    fn local_times_are_china_time() {
        let at = Timestamp::parse_rfc3339("2026-11-22T06:05:00Z").unwrap();
        assert_eq!(local_value(at), "2026-11-22T14:05");
        assert_eq!(parse_local("2026-11-22T14:05"), Some(at));
        assert_eq!(parse_local("2026-11-22T14:05:00"), Some(at));
        assert_eq!(day(at, Locale::ZhCn), "11 月 22 日");
        assert_eq!(day(at, Locale::En), "22 November");
        assert_eq!(parse_local(""), None);
        assert_eq!(local_value(next_hour(at, 60 * MINUTE_MS)), "2026-11-22T16:00");
    }

    #[test]
    fn percentages_are_cut_not_rounded() {
        let share = |part, whole| Share { part, whole };
        assert_eq!(percent(share(989, 1000)), "98.9 %");
        assert_eq!(percent(share(9899, 10_000)), "98.9 %");
        assert_eq!(percent(share(7, 7)), "100.0 %");
        assert_eq!(percent(share(0, 0)), "–");
        assert!(reaches_99(share(99, 100)));
        assert!(!reaches_99(share(9899, 10_000)));
    }

    #[test]
    fn sizes_and_clocks_are_short() {
        let sizes = [0, 999, 1_000, 999_999, 2_780_000].map(bytes);
        assert_eq!(sizes, ["0 B", "999 B", "1 kB", "999 kB", "2.7 MB"]);
        assert_eq!(clock(Timestamp::from_ms(0)), "08:00:00");
    }

    #[test]
    fn names_travel_in_headers() {
        assert_eq!(percent_encode("IM 1.dcm"), "IM%201.dcm");
        assert_eq!(percent_encode("头"), "%E5%A4%B4");
        assert_eq!(grouped("7f3a91c2"), "7f3a 91c2");
    }
}
