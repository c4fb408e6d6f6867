//! Deadlines, suspensions, notices and the queue of mails.

use consilium_domain::{
    Clear, ClockKind, ConsultationState, DeadlineId, NoticeId, NoticeKind, Role, Timestamp, Urgency,
};
use consilium_storage::{
    BoardFilter, Deadline, DeadlineState, MailAddress, Notice, StoreError, Suspension, Wake,
};
use tokio::{sync::broadcast::error::TryRecvError, task::JoinSet};
use uuid::Uuid;

use crate::world::{NOW, World, consultation, event, id};

const HOUR: i64 = 3_600_000;

fn deadline(n: u128, kind: ClockKind, due_in_hours: i64) -> Deadline {
    let mut deadline = Deadline {
        id: id(n),
        kind,
        consultation: id(31),
        institution: id(2),
        subject: Uuid::from_u128(n),
        urgency: Urgency::Routine,
        started_at: NOW,
        due_at: NOW.plus_ms(due_in_hours * HOUR),
        given: 0,
        next_at: None,
        state: DeadlineState::Running,
        ended_at: None,
        link: "/consultations/31".to_owned(),
    };
    deadline.next_at = Some(deadline.next().at());
    deadline
}

async fn stored(world: &World, n: u128) -> Deadline {
    let found = world
        .store
        .reader()
        .deadline(DeadlineId(Uuid::from_u128(n)))
        .await;
    found.unwrap().unwrap()
}

pub(crate) async fn a_deadline_moves_once(world: World) {
    world.people().await;
    let first = deadline(61, ClockKind::InvitationAnswer, 24);
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_deadline(&first).await.unwrap();
    tx.commit_technical().await.unwrap();
    let reader = world.store.reader();
    assert_eq!(stored(&world, 61).await, first);
    let reminder = NOW.plus_ms(12 * HOUR);
    assert_eq!(reader.deadlines_due(reminder.plus_ms(-1), 9).await.unwrap(), []);
    assert_eq!(
        reader.deadlines_due(reminder, 9).await.unwrap(),
        std::slice::from_ref(&first)
    );

    let mut after = first.clone();
    after.given = 1;
    after.next_at = Some(after.next().at());
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let (store, before, after) = (world.store.clone(), first.clone(), after.clone());
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let moved = tx.advance_deadline(&before, &after).await.unwrap();
            tx.commit_technical().await.unwrap();
            moved
        });
    }
    let moved = tasks.join_all().await;
    assert_eq!(moved.iter().filter(|moved| **moved).count(), 1);
    assert_eq!(stored(&world, 61).await.next_at, Some(NOW.plus_ms(22 * HOUR)));
}

pub(crate) async fn a_stopped_deadline_is_met_or_late(world: World) {
    world.people().await;
    let mut tx = world.store.begin().await.unwrap();
    for (n, hours) in [(61, 24), (62, 1), (63, 24), (64, 1), (65, 24)] {
        let mut row = deadline(n, ClockKind::Correction, hours);
        if n == 64 {
            (row.state, row.next_at) = (DeadlineState::Expired, None);
        }
        tx.insert_deadline(&row).await.unwrap();
    }
    let at = NOW.plus_ms(2 * HOUR);
    let kind = ClockKind::Correction;
    for (n, expected) in [(61, 1), (62, 1), (64, 1), (61, 0)] {
        let count = tx.stop_deadlines(kind, Uuid::from_u128(n), at).await.unwrap();
        assert_eq!(count, expected, "{n}");
    }
    // Another kind about the same thing is another clock.
    let other = tx
        .stop_deadlines(ClockKind::Opinion, Uuid::from_u128(63), at)
        .await;
    assert_eq!(other.unwrap(), 0);
    let cancelled = tx.cancel_deadlines_about(kind, Uuid::from_u128(63), at).await;
    assert_eq!(cancelled.unwrap(), 1);
    assert_eq!(tx.cancel_deadlines(id(31), at).await.unwrap(), 1);
    tx.commit_technical().await.unwrap();
    for (n, state) in [
        (61, DeadlineState::Met),
        (62, DeadlineState::Late),
        (63, DeadlineState::Cancelled),
        (64, DeadlineState::Late),
        (65, DeadlineState::Cancelled),
    ] {
        let row = stored(&world, n).await;
        assert_eq!(
            (row.state, row.next_at, row.ended_at),
            (state, None, Some(at)),
            "{n}"
        );
    }
    let ever = NOW.plus_ms(1000 * HOUR);
    assert_eq!(world.store.reader().deadlines_due(ever, 9).await.unwrap(), []);
}

pub(crate) async fn a_board_shows_the_late_first(world: World) {
    world.people().await;
    let mut tx = world.store.begin().await.unwrap();
    for (n, kind, hours) in [
        (61, ClockKind::Correction, 24),
        (62, ClockKind::DataProvision, 5),
        (63, ClockKind::Correction, 1),
    ] {
        tx.insert_deadline(&deadline(n, kind, hours)).await.unwrap();
    }
    tx.commit_technical().await.unwrap();
    let board = async |filter: BoardFilter| -> Vec<u128> {
        let rows = world.store.reader().board(&filter, 10).await.unwrap();
        for row in &rows {
            assert_eq!(
                (row.lead, row.number.as_str()),
                (id(1), consultation(31).number.as_str())
            );
        }
        rows.iter().map(|row| row.deadline.id.0.as_u128()).collect()
    };
    let seen_by = |n: u128| BoardFilter {
        seen_by: Some(id(n)),
        ..BoardFilter::default()
    };
    assert_eq!(board(seen_by(1)).await, [63, 62, 61], "the lead");
    assert_eq!(board(seen_by(2)).await, [63, 62, 61], "whose move it is");
    assert_eq!(board(seen_by(3)).await, [0_u128; 0], "somebody else");
    let kind = Some(ClockKind::Correction);
    assert_eq!(board(BoardFilter { kind, ..seen_by(1) }).await, [63, 61]);
    let now = NOW.plus_ms(2 * HOUR);
    let overdue = |yes| BoardFilter {
        overdue: Some((yes, now)),
        ..BoardFilter::default()
    };
    assert_eq!(board(overdue(true)).await, [63]);
    assert_eq!(board(overdue(false)).await, [62, 61]);
}

fn suspension(n: u128, from: Timestamp) -> Suspension {
    Suspension {
        id: Uuid::from_u128(n),
        from,
        until: None,
        reason: "planted reason".to_owned(),
        begun_by: id(11),
        ended_by: None,
    }
}

pub(crate) async fn one_suspension_at_a_time_moves_every_clock(world: World) {
    world.people().await;
    let mut tx = world.store.begin().await.unwrap();
    let mut live = consultation(31);
    live.state = ConsultationState::Inviting;
    live.due_at = Some(NOW.plus_ms(24 * HOUR));
    tx.update_consultation(&live, live.version).await.unwrap();
    let before = deadline(61, ClockKind::InvitationAnswer, 24);
    tx.insert_deadline(&before).await.unwrap();
    tx.commit_technical().await.unwrap();

    let from = NOW.plus_ms(10 * HOUR);
    let mut tx = world.store.begin().await.unwrap();
    tx.begin_suspension(&suspension(71, from)).await.unwrap();
    let states = [ConsultationState::Inviting, ConsultationState::Ready];
    assert_eq!(tx.institutions_at_work(&states).await.unwrap(), [id(1)]);
    let stopped = tx.suspend_consultations(&states, from).await.unwrap();
    assert_eq!(stopped, [(id(31), ConsultationState::Inviting)]);
    tx.commit_technical().await.unwrap();
    let reader = world.store.reader();
    assert!(reader.suspended().await.unwrap());
    assert_eq!(reader.suspension().await.unwrap(), Some(suspension(71, from)));
    let waiting = reader.consultation(id(31)).await.unwrap().unwrap();
    assert_eq!(
        (waiting.state, waiting.suspended_from),
        (ConsultationState::Suspended, Some(ConsultationState::Inviting))
    );
    let sealed = world
        .query("SELECT reason FROM suspensions", vec![])
        .await
        .remove(0)
        .try_get::<Vec<u8>>("", "reason")
        .unwrap();
    assert!(!sealed.windows(7).any(|bytes| bytes == b"planted"));

    let mut second = world.store.begin().await.unwrap();
    let refused = second.begin_suspension(&suspension(72, from)).await;
    assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
    drop(second);

    // A clock that starts meanwhile stood still since its start.
    let mut within = deadline(62, ClockKind::Correction, 0);
    within.started_at = from.plus_ms(2 * HOUR);
    within.due_at = within.started_at.plus_ms(12 * HOUR);
    within.next_at = Some(within.next().at());
    let mut ended = deadline(63, ClockKind::Correction, 24);
    (ended.state, ended.next_at) = (DeadlineState::Met, None);
    let until = from.plus_ms(5 * HOUR);
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_deadline(&within).await.unwrap();
    tx.insert_deadline(&ended).await.unwrap();
    tx.end_suspension(Uuid::from_u128(71), until, id(12))
        .await
        .unwrap();
    let resumed = tx.resume_consultations(5 * HOUR, until).await.unwrap();
    assert_eq!(resumed, [id(31)]);
    assert_eq!(tx.shift_deadlines(from, until).await.unwrap(), 2);
    tx.commit_technical().await.unwrap();
    let reader = world.store.reader();
    assert!(!reader.suspended().await.unwrap());
    let back = reader.consultation(id(31)).await.unwrap().unwrap();
    assert_eq!(
        (back.state, back.suspended_from),
        (ConsultationState::Inviting, None)
    );
    assert_eq!(back.due_at, Some(NOW.plus_ms(29 * HOUR)));
    for (row, moved) in [(before, 5), (within, 3)] {
        let now = stored(&world, row.id.0.as_u128()).await;
        assert_eq!(now.due_at, row.due_at.plus_ms(moved * HOUR));
        assert_eq!(now.next_at, row.next_at.map(|at| at.plus_ms(moved * HOUR)));
    }
    assert_eq!(stored(&world, 63).await, ended);
    let past = reader.suspensions(9).await.unwrap().remove(0);
    assert_eq!((past.until, past.ended_by), (Some(until), Some(id(12))));
    // And again, now that the first is over.
    let mut tx = world.store.begin().await.unwrap();
    tx.begin_suspension(&suspension(72, until)).await.unwrap();
    tx.commit_technical().await.unwrap();
}

fn notice(n: u128, at: i64) -> Notice {
    Notice {
        id: id(n),
        account: id(11),
        kind: NoticeKind::DeadlineNear,
        consultation: Some(id(31)),
        institution: Some(id(2)),
        clock: Some(ClockKind::Correction),
        at: Some(NOW),
        code: Some("exchange.signature".to_owned()),
        item: Some("2.7.temperature".to_owned()),
        link: "/consultations/31/data".to_owned(),
        created_at: NOW.plus_ms(at),
        read_at: None,
    }
}

pub(crate) async fn notices_are_listed_read_and_bounded(world: World) {
    world.people().await;
    let reader = world.store.reader();
    let account = id(11);
    assert_eq!(
        reader.accounts_in_roles(id(1), &[Role::Expert]).await.unwrap(),
        [account]
    );
    assert_eq!(reader.accounts_in_roles(id(1), &[Role::Admin]).await.unwrap(), []);

    let mut wakes = world.store.wakes();
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_notice(&notice(80, 0), 10).await.unwrap();
    drop(tx);
    assert_eq!(
        wakes.try_recv(),
        Err(TryRecvError::Empty),
        "nothing was committed"
    );
    let mut tx = world.store.begin().await.unwrap();
    for n in 0..10_u128 {
        let row = notice(81 + n, i64::try_from(n).unwrap());
        tx.insert_notice(&row, 10).await.unwrap();
    }
    assert_eq!(wakes.try_recv(), Err(TryRecvError::Empty), "not yet committed");
    tx.commit_technical().await.unwrap();
    for n in 0..10 {
        assert_eq!(wakes.try_recv(), Ok(Wake::Told(account, id(81 + n))));
    }

    let page = reader.notices(account, None, 4).await.unwrap();
    assert_eq!(page.first(), Some(&notice(90, 9)));
    let last = page.last().unwrap();
    let rest = reader
        .notices(account, Some((last.created_at, last.id)), 99)
        .await
        .unwrap();
    assert_eq!((page.len(), rest.len()), (4, 6));
    assert_eq!(
        reader
            .notices_since(account, NOW.plus_ms(8), 9)
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(reader.notice(id(12), id(90)).await.unwrap(), None, "another's");

    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(tx.read_notices(account, Some(id(90)), NOW).await.unwrap(), 1);
    assert_eq!(tx.read_notices(account, Some(id(90)), NOW).await.unwrap(), 0);
    assert_eq!(tx.read_notices(id(12), Some(id(89)), NOW).await.unwrap(), 0);
    // The eleventh: the one that was read goes first, then the oldest.
    tx.insert_notice(&notice(91, 10), 10).await.unwrap();
    tx.commit_technical().await.unwrap();
    let kept = reader.notices(account, None, 99).await.unwrap();
    let kept: Vec<NoticeId> = kept.iter().map(|notice| notice.id).collect();
    let expected: Vec<NoticeId> = [91, 89, 88, 87, 86, 85, 84, 83, 82].map(id).to_vec();
    assert_eq!(kept, expected);
    assert_eq!(reader.unread_notices(account).await.unwrap(), 9);
    let mut tx = world.store.begin().await.unwrap();
    assert_eq!(tx.read_notices(account, None, NOW).await.unwrap(), 9);
    tx.commit_technical().await.unwrap();
    assert_eq!(reader.unread_notices(account).await.unwrap(), 0);
}

pub(crate) async fn a_mail_is_tried_by_one(world: World) {
    world.people().await;
    let address = MailAddress {
        address: Clear::new("planted@hospital.example".to_owned()),
        locale: "en".to_owned(),
    };
    let mut tx = world.store.begin().await.unwrap();
    tx.insert_notice(&notice(81, 0), 99).await.unwrap();
    tx.set_mail_address(id(11), Some(&address)).await.unwrap();
    tx.insert_notice(&notice(82, 0), 99).await.unwrap();
    tx.insert_notice(&notice(83, 1), 99).await.unwrap();
    tx.audit(event("admin.set_mail", "account/11")).await.unwrap();
    tx.commit().await.unwrap();
    let reader = world.store.reader();
    assert_eq!(reader.mail_address(id(11)).await.unwrap(), Some(address));
    assert_eq!(reader.mail_address(id(12)).await.unwrap(), None);
    let sealed = world
        .query("SELECT address FROM mail_addresses", vec![])
        .await
        .remove(0)
        .try_get::<Vec<u8>>("", "address")
        .unwrap();
    assert!(!sealed.windows(7).any(|bytes| bytes == b"planted"));

    let due = reader.mails_due(NOW, 9).await.unwrap();
    assert_eq!(due.len(), 1, "only what was written since there is an address");
    let mail = due.into_iter().next().unwrap();
    assert_eq!((mail.notice.id, mail.tries), (id(82), 0));
    let later = NOW.plus_ms(60_000);
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let (store, mail) = (world.store.clone(), mail.clone());
        tasks.spawn(async move {
            let mut tx = store.begin().await.unwrap();
            let taken = tx.take_mail(&mail, Some(later)).await.unwrap();
            tx.commit_technical().await.unwrap();
            taken
        });
    }
    let taken = tasks.join_all().await;
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
    let due = reader.mails_due(later, 9).await.unwrap();
    let tries: Vec<_> = due.iter().map(|mail| (mail.notice.id, mail.tries)).collect();
    assert_eq!(tries, [(id(83), 0), (id(82), 1)]);
    let mut tx = world.store.begin().await.unwrap();
    tx.end_mail(id(82)).await.unwrap();
    tx.set_mail_address(id(11), None).await.unwrap();
    tx.commit_technical().await.unwrap();
    assert!(reader.mails_due(later, 9).await.unwrap().is_empty());
}
