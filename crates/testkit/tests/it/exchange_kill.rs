//! The built program, killed while it delivers: nothing is lost, nothing happens twice (clause 7.5 c).

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use consilium_domain::{
    ConsultationId, InstitutionId, InvitationId, InvitationState, MessageId, NoticeKind, Role, Timestamp,
    TransferState,
};
use consilium_protocol::exchange::Body;
use consilium_server::{
    admin::event,
    clock::system,
    demo::config,
    exchange::{self, Local},
    run::assemble,
    site::Site,
    state::App,
};
use consilium_storage::AuditFilter;
use consilium_testkit::Process;
use uuid::Uuid;

/// Messages that wait when the program starts.
const MESSAGES: usize = 1_000;
/// Consultations they are about.
const CASES: usize = 5;
/// It is killed when so many have been delivered.
const KILLED_AT: [u64; 3] = [80, 350, 650];
const PATIENCE: Duration = Duration::from_secs(200);

/// Consultations like one of the demo, with the institutions that take part.
async fn consultations(app: &App) -> Result<Vec<(ConsultationId, Vec<InstitutionId>)>> {
    let reader = app.store.reader();
    let states = consilium_domain::ConsultationState::ALL;
    let mut found = None;
    for consultation in reader.consultations_in(states).await? {
        let invitations = reader.invitations(consultation.id).await?;
        let accepted = invitations
            .iter()
            .filter(|i| i.state == InvitationState::Accepted)
            .count();
        if accepted >= 2 {
            found = Some((consultation, invitations));
            break;
        }
    }
    let (mut pattern, mut invitations) = found.context("a case of the demo")?;
    let mut made = Vec::new();
    let mut tx = app.store.begin().await?;
    for number in 0..CASES {
        pattern.id = ConsultationId(Uuid::now_v7());
        pattern.number = format!("K-{number:04}");
        tx.insert_consultation(&pattern).await?;
        let mut parties = vec![pattern.lead];
        for invitation in &mut invitations {
            invitation.id = InvitationId(Uuid::now_v7());
            invitation.consultation = pattern.id;
            tx.insert_invitation(invitation).await?;
            parties.push(invitation.institution);
        }
        made.push((pattern.id, parties));
    }
    tx.audit(event(app.now(), "test.cases", "test".to_owned(), ""))
        .await?;
    tx.commit().await?;
    Ok(made)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_delivering_a_thousand() -> Result<()> {
    let mut process = Process::start().await?;
    ensure!(process.terminate().await? == Some(0), "the demo did not stop");
    let folder = Arc::clone(&process.folder);
    drop(process);
    let settings = config(0, folder.path().join("data"), folder.path().join("site"))?;
    let app = assemble(&settings, Site::none(), system(), Arc::new(Local)).await?;
    let cases = consultations(&app).await?;

    // Written in one transaction while no worker is there.
    let mut sent: HashMap<MessageId, (InstitutionId, Timestamp)> = HashMap::new();
    let mut tx = app.store.begin().await?;
    for n in 0..MESSAGES {
        let (id, parties) = &cases[n % CASES];
        let from = n / CASES % parties.len();
        let to = (from + 1 + n / CASES / parties.len() % (parties.len() - 1)) % parties.len();
        let mark = Timestamp::from_ms(1_000_000 + i64::try_from(n)?);
        let body = Body::Session {
            started: true,
            at: mark,
        };
        let message = exchange::post(&app, &mut tx, *id, parties[from], parties[to], app.now(), body).await?;
        sent.insert(message, (parties[to], mark));
    }
    tx.audit(event(app.now(), "test.post", "test".to_owned(), ""))
        .await?;
    tx.commit().await?;

    let reader = app.store.reader();
    let before = reader.outgoing_in(TransferState::Delivered).await?;
    let mut process = Process::start_in(folder).await?;
    let started = Instant::now();
    let mut look = tokio::time::interval(Duration::from_millis(5));
    for at in KILLED_AT {
        while reader.outgoing_in(TransferState::Delivered).await? - before < at {
            ensure!(started.elapsed() < PATIENCE, "not delivered in time");
            look.tick().await;
        }
        process = process.kill_and_restart().await?;
    }
    let all = u64::try_from(MESSAGES)?;
    while reader.outgoing_in(TransferState::Delivered).await? - before < all {
        let parked = reader.outgoing_in(TransferState::Failed).await?;
        ensure!(parked == 0, "{parked} are parked");
        ensure!(started.elapsed() < PATIENCE, "not delivered in time");
        look.tick().await;
    }
    let took = started.elapsed();
    process.terminate().await?;

    let mut effects: HashMap<String, usize> = HashMap::new();
    let mut cursor = None;
    let filter = AuditFilter {
        action_prefix: Some("exchange.receive".to_owned()),
        ..AuditFilter::default()
    };
    loop {
        let page = reader.audit_page(filter.clone(), cursor, 500).await?;
        for record in page.iter().cloned() {
            let fields = record.into_fields();
            cursor = Some(fields.seq);
            *effects.entry(fields.target).or_default() += 1;
        }
        if page.is_empty() {
            break;
        }
    }
    let ours: HashSet<ConsultationId> = cases.iter().map(|(id, _)| *id).collect();
    let mut told: HashMap<(InstitutionId, i64), usize> = HashMap::new();
    for account in reader
        .accounts()
        .await?
        .into_iter()
        .filter(|a| a.role == Role::Admin)
    {
        for notice in reader.notices(account.id, None, 2_000).await? {
            if notice.kind == NoticeKind::SessionStarted
                && notice.consultation.is_some_and(|id| ours.contains(&id))
            {
                let mark = notice.at.context("a moment")?.ms();
                *told.entry((account.institution, mark)).or_default() += 1;
            }
        }
    }
    let count = |n: usize| -> (usize, usize) {
        let recorded = sent
            .keys()
            .filter(|m| effects.get(&format!("message/{m}")) == Some(&n))
            .count();
        let noticed = sent
            .values()
            .filter(|(to, mark)| told.get(&(*to, mark.ms())) == Some(&n))
            .count();
        (recorded, noticed)
    };
    assert_eq!(count(1), (MESSAGES, MESSAGES), "each once");
    assert_eq!(told.len(), MESSAGES, "and nothing else");
    assert!(reader.verify_audit().await?.is_ok());
    println!(
        "{MESSAGES} messages, killed {} times while they were delivered: 0 lost, 0 doubled, {took:.1?}",
        KILLED_AT.len()
    );
    Ok(())
}
