//! A least-recently-used store with a limit in bytes.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

/// Decoded pictures on a desktop, bytes.
pub const DESKTOP_BYTES: usize = 384 * 1024 * 1024;
/// Decoded pictures where the pointer is a finger (tablet), bytes.
pub const TABLET_BYTES: usize = 96 * 1024 * 1024;

/// The store. The newest entry always stays, even when it alone exceeds the limit.
#[derive(Debug)]
pub struct Cache<K, V> {
    limit_bytes: usize,
    bytes: usize,
    clock: u64,
    entries: HashMap<K, Entry<V>>,
    by_age: BTreeMap<u64, K>,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Copy + Eq + Hash, V> Cache<K, V> {
    /// An empty store of at most `limit_bytes`.
    #[must_use]
    pub fn new(limit_bytes: usize) -> Self {
        Self {
            limit_bytes,
            bytes: 0,
            clock: 0,
            entries: HashMap::new(),
            by_age: BTreeMap::new(),
        }
    }

    /// Looks up and marks as used.
    pub fn get(&mut self, key: &K) -> Option<&V> {
        let entry = self.entries.get_mut(key)?;
        self.by_age.remove(&entry.used);
        self.clock += 1;
        entry.used = self.clock;
        self.by_age.insert(self.clock, *key);
        Some(&entry.value)
    }

    /// Whether it is there; does not count as use.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.entries.contains_key(key)
    }

    /// Puts a value in and lets the longest unused go.
    pub fn put(&mut self, key: K, value: V, bytes: usize) {
        self.remove(&key);
        self.clock += 1;
        self.by_age.insert(self.clock, key);
        self.entries.insert(
            key,
            Entry {
                value,
                bytes,
                used: self.clock,
            },
        );
        self.bytes = self.bytes.saturating_add(bytes);
        while self.bytes > self.limit_bytes && self.entries.len() > 1 {
            let Some(oldest) = self.by_age.first_key_value().map(|(_, key)| *key) else {
                break;
            };
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, key: &K) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_age.remove(&entry.used);
            self.bytes = self.bytes.saturating_sub(entry.bytes);
        }
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many entries of `each_bytes` fit.
    #[must_use]
    pub fn room_for(&self, each_bytes: usize) -> usize {
        self.limit_bytes / each_bytes.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_unused_goes_first() {
        let mut cache = Cache::new(30);
        for key in 1..=3 {
            cache.put(key, key * 10, 10);
        }
        assert_eq!(cache.get(&1), Some(&10));
        cache.put(4, 40, 10);
        assert!(cache.contains(&1) && !cache.contains(&2) && cache.contains(&3));
        assert_eq!(cache.bytes(), 30);
    }

    #[test]
    fn replacing_does_not_count_twice_and_a_giant_stays_alone() {
        let mut cache = Cache::new(30);
        cache.put(1, 'a', 20);
        cache.put(1, 'b', 25);
        assert_eq!((cache.bytes(), cache.get(&1)), (25, Some(&'b')));
        cache.put(2, 'c', 100);
        assert_eq!(
            (cache.bytes(), cache.contains(&1), cache.contains(&2)),
            (100, false, true)
        );
        assert_eq!(cache.room_for(7), 4);
    }
}
