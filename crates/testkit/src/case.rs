//! A consultation brought to where a test needs it, through the interfaces only.

use anyhow::{Context as _, Result, ensure};
use consilium_domain::{ConsultationId, Timestamp};
use consilium_imaging::phantom::{Options, PhantomPatient, series};
use consilium_protocol::consultation::PatientInput;
use consilium_server::demo::people::{CASES, patients};
use serde_json::{Value, json};

use crate::{Person, TestServer};

/// A small head CT of a patient: `slices` files of 64 x 64.
///
/// # Errors
/// The phantom cannot be made.
pub fn phantom(patient_id: &str, seed: u64, slices: u32) -> Result<Vec<Vec<u8>>> {
    let options = Options {
        seed,
        size: 64,
        slices,
        ..Options::default()
    };
    let patient = PhantomPatient {
        id: patient_id,
        issuer: "",
        name: "PHANTOM^ONE",
        birth_date: "19680417",
        sex: "M",
    };
    Ok(series(&options, &patient)?)
}

/// A complete request form. `number` tells patients apart; participants are institution ids.
///
/// # Errors
/// There is no such patient.
pub fn request_form(
    number: usize,
    participants: &[Value],
    scheduled_at: Timestamp,
) -> Result<(PatientInput, Value)> {
    let count = u32::try_from(number + 1)?;
    let patient = patients(count).pop().context("a patient")?;
    let clinical = CASES.first().context("a case")?.clinical();
    let form = json!({
        "kind": "general",
        "urgency": "routine",
        "patient": patient,
        "clinical": clinical,
        "scheduled_at": scheduled_at,
        "duration_minutes": 60,
        "participants": participants,
        "wanted": ["imaging", "lab_exam"],
        "consent": {"signer": "guardian", "text_version": "2026-01"},
    });
    Ok((patient, form))
}

/// A consultation of the three institutions with the people at work in it.
#[derive(Debug)]
pub struct Case {
    /// Id in addresses.
    pub id: String,
    /// The patient as entered.
    pub patient: PatientInput,
    /// `lead.admin`.
    pub lead: Person,
    /// `east.admin`.
    pub east: Person,
    /// `west.admin`.
    pub west: Person,
}

impl Case {
    /// The id as a value.
    ///
    /// # Errors
    /// It is none.
    pub fn consultation(&self) -> Result<ConsultationId> {
        Ok(self.id.parse()?)
    }

    /// Address below the consultation.
    #[must_use]
    pub fn path(&self, rest: &str) -> String {
        format!("/api/v1/consultations/{}{rest}", self.id)
    }

    /// A draft.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn draft(server: &TestServer, number: usize) -> Result<Self> {
        let lead = server.client_as("lead.admin").await?;
        let east = server.client_as("east.admin").await?;
        let west = server.client_as("west.admin").await?;
        Self::draft_by(number, lead, east, west, server.clock.now()).await
    }

    /// A draft of people who are signed in.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn draft_by(
        number: usize,
        lead: Person,
        east: Person,
        west: Person,
        now: Timestamp,
    ) -> Result<Self> {
        let participants = [json!(east.me.institution.id), json!(west.me.institution.id)];
        let (patient, form) = request_form(number, &participants, now.plus_ms(60 * 60 * 1000))?;
        let created = lead.post("/api/v1/consultations", &form).await?.ok()?;
        let id = created
            .get("id")
            .and_then(Value::as_str)
            .context("an id")?
            .to_owned();
        Ok(Self {
            id,
            patient,
            lead,
            east,
            west,
        })
    }

    /// Does a verb of the lead.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn act(&self, verb: &str) -> Result<Value> {
        self.lead
            .post(&self.path(&format!("/{verb}")), &json!({}))
            .await?
            .ok()
            .context(verb.to_owned())
    }

    /// Invites, and both participants accept.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn accepted(&self) -> Result<()> {
        self.act("invite").await?;
        for admin in [&self.east, &self.west] {
            let yes = json!({"answer": "accept", "can_provide": ["imaging"]});
            admin.post(&self.path("/answer"), &yes).await?.ok()?;
        }
        Ok(())
    }

    /// Uploads a phantom of the patient.
    ///
    /// # Errors
    /// The server refuses a file.
    pub async fn images(&self, slices: u32) -> Result<()> {
        for (at, file) in phantom(&self.patient.record_number, 1, slices)?
            .into_iter()
            .enumerate()
        {
            let reply = self
                .lead
                .upload(&self.id, &format!("{at}.dcm"), file, true)
                .await?;
            ensure!(reply.status == 201, "upload: {}", reply.text());
        }
        Ok(())
    }

    /// A draft, brought to a running session with images.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn in_session(server: &TestServer, number: usize) -> Result<Self> {
        let case = Self::draft(server, number).await?;
        case.begin().await?;
        Ok(case)
    }

    /// Invites, accepts, uploads, declares ready and starts.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn begin(&self) -> Result<()> {
        self.accepted().await?;
        self.images(2).await?;
        self.ready().await?;
        self.act("start").await?;
        Ok(())
    }

    /// Declares ready with a reason: a case of tests has no laboratory data unless the test gives it.
    ///
    /// # Errors
    /// The server refuses.
    pub async fn ready(&self) -> Result<Value> {
        let reason = json!({"override_reason": "患者病情急，检验结果会中补充"});
        self.lead.post(&self.path("/ready"), &reason).await?.ok()
    }

    /// The first image, for annotations.
    ///
    /// # Errors
    /// There is none.
    pub async fn image(&self) -> Result<Value> {
        let series = self.lead.get(&self.path("/series")).await?.ok()?;
        let id = |pointer: &str| series.pointer(pointer).cloned().context("an image");
        Ok(json!({"series": id("/0/id")?, "instance": id("/0/instances/0/id")?, "frame": 0}))
    }
}
