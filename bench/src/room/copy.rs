//! A load client's own copy of a document: plain yrs, as any Yjs program would hold it.

use anyhow::{Context as _, Result};
use consilium_collab::document::{ANNOTATIONS, DISCUSSION, OPINIONS};
use yrs::{
    Any, ArrayPrelim, ClientID, Doc, Map, MapPrelim, MapRef, OffsetKind, Options, Out, ReadTxn as _,
    StateVector, Text, TextPrelim, TextRef, Transact as _, Update,
    updates::{decoder::Decode as _, encoder::Encode as _},
};

/// A document in which one person writes.
pub(super) struct Copy {
    doc: Doc,
    author: String,
    text: Option<TextRef>,
}

impl Copy {
    /// An empty copy that writes under a client id of its own.
    pub(super) fn new(client: u64, author: String) -> Self {
        let mut options = Options::with_client_id(ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        Self {
            doc: Doc::with_options(options),
            author,
            text: None,
        }
    }

    pub(super) fn client(&self) -> u64 {
        self.doc.client_id().get()
    }

    /// Takes in what the server sent.
    pub(super) fn apply(&mut self, update: &[u8]) -> Result<()> {
        let update = Update::decode_v1(update).context("an update of the server")?;
        self.doc.transact_mut().apply_update(update)?;
        let opinions = self.doc.get_or_insert_map(OPINIONS);
        if let Some(Out::YText(text)) = opinions.get(&self.doc.transact(), &self.author) {
            self.text = Some(text);
        }
        Ok(())
    }

    /// Takes in several.
    pub(super) fn apply_all(&mut self, updates: &[Vec<u8>]) -> Result<()> {
        updates.iter().try_for_each(|update| self.apply(update))
    }

    /// Whether there is a place to write.
    pub(super) const fn ready(&self) -> bool {
        self.text.is_some()
    }

    /// Makes the places of this author, where no server does it.
    pub(super) fn make_places(&mut self) -> Vec<u8> {
        let maps = [ANNOTATIONS, OPINIONS, DISCUSSION].map(|name| self.doc.get_or_insert_map(name));
        let [annotations, opinions, discussion] = maps;
        let mut txn = self.doc.transact_mut();
        annotations.insert(&mut txn, self.author.clone(), MapPrelim::default());
        discussion.insert(&mut txn, self.author.clone(), ArrayPrelim::default());
        self.text = Some(opinions.insert(&mut txn, self.author.clone(), TextPrelim::new("")));
        txn.commit();
        txn.encode_update_v1()
    }

    /// Appends to the author's text.
    pub(super) fn write(&mut self, words: &str) -> Result<Vec<u8>> {
        let text = self.text.as_ref().context("no place to write")?;
        let mut txn = self.doc.transact_mut();
        let end = text.len(&txn);
        text.insert(&mut txn, end, words);
        txn.commit();
        Ok(txn.encode_update_v1())
    }

    /// Deletes the beginning of the author's text.
    pub(super) fn shorten(&mut self, units: u32) -> Result<Vec<u8>> {
        let text = self.text.as_ref().context("no place to write")?;
        let mut txn = self.doc.transact_mut();
        text.remove_range(&mut txn, 0, units);
        txn.commit();
        Ok(txn.encode_update_v1())
    }

    /// Draws: `count` closed regions of `points` points each, under fixed names, so that drawing again
    /// replaces them.
    pub(super) fn draw(&mut self, count: usize, points: usize, label: &str) -> Result<Vec<u8>> {
        let annotations = self.doc.get_or_insert_map(ANNOTATIONS);
        let mut txn = self.doc.transact_mut();
        let mine: MapRef = annotations
            .get(&txn, &self.author)
            .and_then(|out| out.cast().ok())
            .context("no place to draw")?;
        for at in 0..count {
            mine.insert(&mut txn, format!("a{at}"), region(at, points, label));
        }
        txn.commit();
        Ok(txn.encode_update_v1())
    }

    /// Encoded state vector.
    pub(super) fn state_vector(&self) -> Vec<u8> {
        self.doc.transact().state_vector().encode_v1()
    }

    /// How much of a client's writing is here.
    pub(super) fn clock(&self, client: u64) -> u32 {
        self.doc.transact().state_vector().get(&ClientID::new(client))
    }

    /// What a peer with this state vector lacks.
    pub(super) fn missing_for(&self, vector: &[u8]) -> Result<Vec<u8>> {
        let vector = StateVector::decode_v1(vector).context("a state vector of the server")?;
        Ok(self.doc.transact().encode_diff_v1(&vector))
    }

    /// A text by its author.
    pub(super) fn text_of(&self, author: &str) -> String {
        use yrs::GetString as _;
        let opinions = self.doc.get_or_insert_map(OPINIONS);
        let txn = self.doc.transact();
        match opinions.get(&txn, author) {
            Some(Out::YText(text)) => text.get_string(&txn),
            _ => String::new(),
        }
    }

    /// Whether two copies hold the same.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.doc.transact().state_vector() == other.doc.transact().state_vector()
    }
}

/// A freehand region as the rooms keep it.
fn region(at: usize, points: usize, label: &str) -> Any {
    let point = |n: usize| {
        let n = u32::try_from(n % 4096).map_or(0.0, f64::from);
        Any::from(vec![
            Any::from(n.mul_add(0.125, 0.3)),
            Any::from(n.mul_add(0.25, 0.7)),
        ])
    };
    let image = [
        ("series", "0193a000-0000-7000-8000-000000000001"),
        ("instance", "i"),
    ]
    .map(|(key, value)| (key.to_owned(), Any::from(value)));
    let points: Vec<Any> = (at..at + points).map(point).collect();
    Any::from(
        [
            ("kind", Any::from("freehand")),
            ("image", Any::from(std::collections::HashMap::from(image))),
            ("points", Any::from(points)),
            ("label", Any::from(label)),
            ("at_ms", Any::from(1_700_000_000_000.0)),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into_iter()
        .collect::<std::collections::HashMap<_, _>>(),
    )
}
