//! What a page keeps on its device: sealed records in the browser's database, at most a day old. The key comes
//! from the server with each page load and is stored nowhere; without it the records are noise.

use consilium_domain::ConsultationId;
use consilium_protocol::{limits::LOCAL_COPY_MS, session::LiveTicket};
use js_sys::{Array, ArrayBuffer, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::window;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AesGcmParams, CryptoKey, IdbDatabase, IdbKeyRange, IdbObjectStore, IdbRequest, IdbTransactionMode,
    SubtleCrypto,
};

use super::clock_f64;
use crate::{api, browser::ROOM_DATABASE};

/// The one table: records by name.
const RECORDS: &str = "records";
/// Bytes of the nonce before each sealed record.
const NONCE_BYTES: usize = 12;

/// The open database.
#[derive(Clone, Debug)]
pub(super) struct Records(IdbDatabase);

/// A record as it lies in the database.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) name: String,
    at_ms: f64,
    bytes: Vec<u8>,
}

/// Waits for a request of the database.
async fn answer(request: &IdbRequest) -> Result<JsValue, JsValue> {
    let promise = Promise::new(&mut |done, failed| {
        let source = request.clone();
        let succeeded = Closure::once_into_js(move || done.call1(&JsValue::NULL, &source.result()?));
        request.set_onsuccess(Some(succeeded.unchecked_ref()));
        let refused = Closure::once_into_js(move || failed.call0(&JsValue::NULL));
        request.set_onerror(Some(refused.unchecked_ref()));
    });
    JsFuture::from(promise).await
}

impl Records {
    /// Opens the database and drops what is too old.
    pub(super) async fn open() -> Result<Self, JsValue> {
        let factory = window()
            .indexed_db()?
            .ok_or_else(|| JsValue::from_str("no database"))?;
        let request = factory.open_with_u32(ROOM_DATABASE, 1)?;
        let source = request.clone();
        let upgrade = Closure::once_into_js(move || -> Result<(), JsValue> {
            let database: IdbDatabase = source.result()?.dyn_into()?;
            database.create_object_store(RECORDS)?;
            Ok(())
        });
        request.set_onupgradeneeded(Some(upgrade.unchecked_ref()));
        let database: IdbDatabase = answer(&request).await?.dyn_into()?;
        // A sign-out in another window removes the database: do not stand in its way.
        let open = database.clone();
        let leave = Closure::<dyn FnMut()>::new(move || open.close());
        database.set_onversionchange(Some(leave.as_ref().unchecked_ref()));
        leave.forget();
        let records = Self(database);
        for record in records.under("").await? {
            if clock_f64() - record.at_ms > f64_of(LOCAL_COPY_MS) {
                records.remove(&record.name).await?;
            }
        }
        Ok(records)
    }

    fn table(&self, mode: IdbTransactionMode) -> Result<IdbObjectStore, JsValue> {
        self.0
            .transaction_with_str_and_mode(RECORDS, mode)?
            .object_store(RECORDS)
    }

    /// Records whose name begins with `prefix`.
    pub(super) async fn under(&self, prefix: &str) -> Result<Vec<Sealed>, JsValue> {
        let range = IdbKeyRange::bound(
            &JsValue::from_str(prefix),
            &JsValue::from_str(&format!("{prefix}\u{ffff}")),
        )?;
        let table = self.table(IdbTransactionMode::Readonly)?;
        let values: Array = answer(&table.get_all_with_key(&range)?).await?.dyn_into()?;
        Ok(values.iter().filter_map(|value| sealed(&value)).collect())
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), JsValue> {
        let table = self.table(IdbTransactionMode::Readwrite)?;
        answer(&table.delete(&JsValue::from_str(name))?).await.map(|_| ())
    }

    /// Seals `bytes` and writes them under `name`.
    pub(super) async fn put(&self, key: &Key, name: &str, bytes: Vec<u8>) -> Result<(), JsValue> {
        let sealed = key.seal(name, bytes).await?;
        let value = Object::new();
        Reflect::set(&value, &"name".into(), &name.into())?;
        Reflect::set(&value, &"at".into(), &clock_f64().into())?;
        Reflect::set(&value, &"sealed".into(), &Uint8Array::from(sealed.as_slice()))?;
        let table = self.table(IdbTransactionMode::Readwrite)?;
        answer(&table.put_with_key(&value, &JsValue::from_str(name))?)
            .await
            .map(|_| ())
    }
}

fn sealed(value: &JsValue) -> Option<Sealed> {
    let field = |name: &str| Reflect::get(value, &name.into()).ok();
    Some(Sealed {
        name: field("name")?.as_string()?,
        at_ms: field("at")?.as_f64()?,
        bytes: field("sealed")?.dyn_into::<Uint8Array>().ok()?.to_vec(),
    })
}

fn f64_of(ms: i64) -> f64 {
    i32::try_from(ms / 1000).map_or(0.0, f64::from) * 1000.0
}

/// The key of one account and room; it cannot be read out of the browser's cryptography.
#[derive(Clone, Debug)]
pub(super) struct Key(CryptoKey);

fn subtle() -> Result<SubtleCrypto, JsValue> {
    Ok(window().crypto()?.subtle())
}

fn sealing(name: &str, nonce: &[u8]) -> AesGcmParams {
    let parameters = AesGcmParams::new("AES-GCM", &Uint8Array::from(nonce));
    // A record is good under its own name only.
    parameters.set_additional_data(&Uint8Array::from(name.as_bytes()));
    parameters
}

impl Key {
    /// Asks the server; `None` when it does not answer or gives none.
    pub(super) async fn fetch(consultation: ConsultationId) -> Option<Self> {
        let nothing = serde_json::Value::Null;
        let ticket: LiveTicket = api::ask(&api::of(consultation, "live-ticket"), &nothing)
            .await
            .ok()?;
        let text = window().atob(&ticket.local_key).ok()?;
        let raw: Vec<u8> = text.chars().map_while(|c| u8::try_from(c).ok()).collect();
        if raw.len() != 32 {
            return None;
        }
        let usages = Array::of2(&"encrypt".into(), &"decrypt".into());
        let imported = subtle()
            .ok()?
            .import_key_with_str(
                "raw",
                &Uint8Array::from(raw.as_slice()),
                "AES-GCM",
                false,
                &usages,
            )
            .ok()?;
        let key = JsFuture::from(imported).await.ok()?;
        key.dyn_into().ok().map(Self)
    }

    async fn seal(&self, name: &str, bytes: Vec<u8>) -> Result<Vec<u8>, JsValue> {
        let mut nonce = [0; NONCE_BYTES];
        window().crypto()?.get_random_values_with_u8_array(&mut nonce)?;
        let parameters = sealing(name, &nonce);
        let sealed = subtle()?.encrypt_with_object_and_u8_array(parameters.as_ref(), &self.0, &bytes)?;
        let sealed: ArrayBuffer = JsFuture::from(sealed).await?.dyn_into()?;
        let mut out = nonce.to_vec();
        out.extend(Uint8Array::new(&sealed).to_vec());
        Ok(out)
    }

    /// What a record holds; an error when it is not of this account and room, or damaged.
    pub(super) async fn open(&self, record: &Sealed) -> Result<Vec<u8>, JsValue> {
        let (nonce, sealed) = record
            .bytes
            .split_at_checked(NONCE_BYTES)
            .ok_or_else(|| JsValue::from_str("too short"))?;
        let parameters = sealing(&record.name, nonce);
        let opened = subtle()?.decrypt_with_object_and_u8_array(parameters.as_ref(), &self.0, sealed)?;
        let opened: ArrayBuffer = JsFuture::from(opened).await?.dyn_into()?;
        Ok(Uint8Array::new(&opened).to_vec())
    }
}
