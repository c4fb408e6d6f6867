//! yrs as the reader of histories that yjs wrote: `e2e/yjs-yrs.mjs` sends one a line on the standard input
//! and judges the answers.

use std::{
    io::{BufRead as _, Write as _},
    mem::ManuallyDrop,
    panic::{AssertUnwindSafe, catch_unwind, set_hook},
};

use anyhow::{Context as _, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use yrs::{
    Doc, OffsetKind, Options, ReadTxn as _, StateVector, Transact as _, Update, WriteTxn as _,
    types::ToJson as _,
    updates::{decoder::Decode as _, encoder::Encode as _},
};

/// A document as the histories have it: a map, a text, an array.
struct Copy(Doc);

impl Copy {
    fn new() -> Self {
        let doc = Doc::with_options(Options {
            offset_kind: OffsetKind::Utf16,
            ..Options::default()
        });
        doc.get_or_insert_map("m");
        doc.get_or_insert_text("t");
        doc.get_or_insert_array("a");
        Self(doc)
    }

    fn apply(&self, update: &[u8]) -> Result<()> {
        let update = Update::decode_v1(update).context("an update of yjs")?;
        Ok(self.0.transact_mut().apply_update(update)?)
    }

    /// Applies what may come too early; `false` when yrs panics over it and the copy is spoilt.
    fn survives(&self, update: &[u8]) -> Result<bool> {
        let update = Update::decode_v1(update).context("an update of yjs")?;
        let applied = catch_unwind(AssertUnwindSafe(|| {
            // Dropping a transaction commits it, which would panic again.
            let mut txn = ManuallyDrop::new(self.0.transact_mut());
            let applied = txn.apply_update(update).is_ok();
            drop(ManuallyDrop::into_inner(txn));
            applied
        }));
        Ok(applied.unwrap_or(false))
    }

    /// Whether something waits for what has not come.
    fn pending(&self) -> bool {
        let txn = self.0.transact();
        txn.store().pending_update().is_some() || txn.store().pending_ds().is_some()
    }

    fn sight(&self) -> Result<Value> {
        let map = self.0.get_or_insert_map("m");
        let text = self.0.get_or_insert_text("t");
        let array = self.0.get_or_insert_array("a");
        let txn = self.0.transact();
        let plain = |any: yrs::Any| -> Result<Value> {
            let mut out = String::new();
            any.to_json(&mut out);
            Ok(serde_json::from_str(&out)?)
        };
        use yrs::GetString as _;
        Ok(json!({
            "m": plain(map.to_json(&txn))?,
            "t": text.get_string(&txn),
            "a": plain(array.to_json(&txn))?,
        }))
    }

    fn vector(&self) -> String {
        STANDARD.encode(self.0.transact().state_vector().encode_v1())
    }

    fn state(&self) -> String {
        STANDARD.encode(self.0.transact().encode_diff_v1(&StateVector::default()))
    }

    fn says(&self) -> Result<Value> {
        Ok(json!({"sight": self.sight()?, "vector": self.vector(), "pending": self.pending()}))
    }
}

fn bytes(value: &Value) -> Result<Vec<u8>> {
    Ok(STANDARD.decode(value.as_str().context("base64")?)?)
}

/// Answers line by line until the input ends.
pub(crate) fn run() -> Result<()> {
    // Counted, not told: it is the point of the shuffled stream.
    set_hook(Box::new(|_| {}));
    let mut lossy = Copy::new();
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line?)?;
        let answer = if let Some(missing) = asked.get("missing") {
            // A new exchange of state vectors begins with nothing pending, as in our rooms.
            lossy.0.transact_mut().prune_pending();
            if lossy.survives(&bytes(missing)?)? {
                lossy.says()?
            } else {
                lossy = Copy::new();
                json!({"spoilt": true})
            }
        } else {
            let list = |name: &str| asked.get(name).and_then(Value::as_array).context("a list");
            let updates = list("updates")?.iter().map(bytes).collect::<Result<Vec<_>>>()?;
            let ordered = Copy::new();
            for update in &updates {
                ordered.apply(update)?;
            }
            let full = Copy::new();
            full.apply(&bytes(asked.get("state").context("state")?)?)?;
            lossy = Copy::new();
            let mut spoilt = false;
            for place in list("order")? {
                let place = usize::try_from(place.as_u64().context("a place")?)?;
                if !lossy.survives(updates.get(place).context("an update")?)? {
                    // As a room does: begin anew, the exchange brings everything.
                    (lossy, spoilt) = (Copy::new(), true);
                    break;
                }
            }
            json!({"ordered": ordered.says()?, "state": ordered.state(), "full": full.says()?, "lossy": lossy.says()?, "spoilt": spoilt})
        };
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}
