//! The discussion as it is read: lines by time, answers below what they answer, one level deep.

use std::collections::HashMap;

use consilium_domain::AccountId;
use consilium_protocol::live::{DiscussionLine, Person};

/// A line with its place: `true` when it answers the line above it.
#[must_use]
pub fn threaded(lines: Vec<(AccountId, DiscussionLine)>) -> Vec<(AccountId, DiscussionLine, bool)> {
    // An answer to an answer stands with it, below the line that began.
    let parents: HashMap<&str, &str> = lines
        .iter()
        .map(|(_, line)| (line.id.as_str(), line.reply_to.as_str()))
        .collect();
    let begins = |id: &str| {
        let mut at = id;
        for _ in 0..parents.len() {
            match parents.get(at) {
                Some(&"") => return Some(at.to_owned()),
                Some(up) => at = up,
                None => return None,
            }
        }
        None
    };
    let mut answers: HashMap<String, Vec<usize>> = HashMap::new();
    let mut order: Vec<usize> = Vec::new();
    for (at, (_, line)) in lines.iter().enumerate() {
        match begins(&line.reply_to).filter(|_| !line.reply_to.is_empty()) {
            Some(root) => answers.entry(root).or_default().push(at),
            // What it answered is not there: it stands by itself.
            None => order.push(at),
        }
    }
    let mut places: Vec<(usize, bool)> = Vec::with_capacity(lines.len());
    for at in order {
        places.push((at, false));
        let below = lines.get(at).and_then(|(_, line)| answers.remove(&line.id));
        places.extend(below.into_iter().flatten().map(|at| (at, true)));
    }
    let mut lines: Vec<Option<(AccountId, DiscussionLine)>> = lines.into_iter().map(Some).collect();
    places
        .into_iter()
        .filter_map(|(at, answer)| {
            let (author, line) = lines.get_mut(at)?.take()?;
            Some((author, line, answer))
        })
        .collect()
}

/// Who is addressed by `@name` in a text.
#[must_use]
pub fn mentioned(text: &str, people: &[Person], most: usize) -> Vec<AccountId> {
    let mut found: Vec<AccountId> = Vec::new();
    for person in people {
        let named = !person.name.is_empty() && text.contains(&format!("@{}", person.name));
        if named && !found.contains(&person.id) && found.len() < most {
            found.push(person.id);
        }
    }
    found
}

/// The beginning of a name after the last `@` of a text that is still being typed.
#[must_use]
pub fn open_mention(text: &str) -> Option<&str> {
    let (_, name) = text.rsplit_once('@')?;
    (name.chars().count() <= 12 && !name.contains(char::is_whitespace)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn line(id: &str, at_ms: i64, reply_to: &str) -> (AccountId, DiscussionLine) {
        (
            AccountId(Uuid::nil()),
            DiscussionLine {
                id: id.to_owned(),
                text: id.to_owned(),
                at_ms,
                reply_to: reply_to.to_owned(),
                ..DiscussionLine::default()
            },
        )
    }

    fn places(lines: Vec<(AccountId, DiscussionLine)>) -> Vec<(String, bool)> {
        threaded(lines)
            .into_iter()
            .map(|(_, line, answer)| (line.id, answer))
            .collect()
    }

    #[test]
    fn answers_stand_below_what_they_answer() {
        let lines = vec![
            line("a", 1, ""),
            line("b", 2, ""),
            line("c", 3, "a"),
            line("d", 4, "c"),
            line("e", 5, "gone"),
        ];
        let order = places(lines);
        let order: Vec<_> = order.iter().map(|(id, answer)| (id.as_str(), *answer)).collect();
        assert_eq!(
            order,
            [("a", false), ("c", true), ("d", true), ("b", false), ("e", false)]
        );
    }

    #[test]
    fn circles_and_doubles_lose_no_line() {
        let lines = vec![
            line("a", 1, "b"),
            line("b", 2, "a"),
            line("x", 3, ""),
            line("x", 4, ""),
        ];
        assert_eq!(places(lines).len(), 4);
    }

    #[test]
    fn an_open_mention_is_what_is_typed_after_the_at() {
        assert_eq!(open_mention("请@王"), Some("王"));
        assert_eq!(open_mention("请@"), Some(""));
        assert_eq!(open_mention("请@王 看"), None);
        assert_eq!(open_mention("没有"), None);
    }
}
