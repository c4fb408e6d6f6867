//! Undo and redo of one's own acts only (F21).

use super::*;

/// A server with several pages on it, all connected.
struct House {
    server: Server,
    pages: Vec<ClientRoom>,
}

impl House {
    fn new(people: &[u128]) -> Self {
        let mut server = Server::new();
        let mut pages = Vec::new();
        for (n, who) in people.iter().enumerate() {
            let who = account(*who);
            server.room.prepare(who, 900 + u64::try_from(n).unwrap()).unwrap();
            pages.push(ClientRoom::new(70 + u64::try_from(n).unwrap(), who));
        }
        let mut house = Self { server, pages };
        for n in 0..house.pages.len() {
            house.server.open(&mut house.pages[n]);
        }
        for n in 0..house.pages.len() {
            house.catch_up(n);
        }
        house
    }

    fn catch_up(&mut self, n: usize) {
        let page = &mut self.pages[n];
        let update = self.server.room.missing_for(&page.doc.state_vector()).unwrap();
        page.on_frame(&frame::update(&update));
    }

    /// An edit of one page reaches the server and from there all the others.
    fn edit(&mut self, n: usize, edit: impl FnOnce(&mut ClientRoom) -> Result<Vec<Vec<u8>>, EditError>) {
        let frames = edit(&mut self.pages[n]).unwrap();
        let page = &mut self.pages[n];
        self.server.received = page.sent - u64::try_from(frames.len()).unwrap();
        self.server.talk(page, frames);
        for other in 0..self.pages.len() {
            self.catch_up(other);
        }
    }
}

fn own(doc: &RoomDoc, who: u128) -> (String, Vec<String>) {
    let ids = doc
        .annotations()
        .into_iter()
        .filter(|placed| placed.author == account(who))
        .map(|placed| placed.id)
        .collect();
    (doc.opinion(account(who)), ids)
}

#[test]
fn two_people_interleave_200_edits_and_one_takes_all_back() {
    let mut house = House::new(&[1, 2]);
    // A small generator, so that the run is the same everywhere.
    let mut seed = 42_u64;
    let mut next = move |below: u64| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut done = [0_u32; 2];
    for step in 0..200_u64 {
        let n = usize::try_from(next(2)).unwrap();
        let id = format!("a{}", next(6));
        let text = format!(
            "{}第{step}句。",
            house.pages[n].document().opinion(house.pages[n].me)
        );
        let choice = next(3);
        house.pages[n].tick(i64::try_from(step).unwrap() * 5_000);
        let mut mark = length();
        mark.points[1] = [9.0, f64::from(u32::try_from(step).unwrap())];
        let present = house.pages[n]
            .document()
            .annotation(house.pages[n].me, &id)
            .is_some();
        house.edit(n, |page| match choice {
            0 => page.set_opinion(&text),
            1 if present => page.remove_annotation(&id),
            _ => page.put_annotation(&id, &mark),
        });
        done[n] += 1;
    }
    let others = own(house.pages[0].document(), 2);
    assert!(!others.0.is_empty());
    let before = own(house.pages[0].document(), 1);
    let mut undone = 0;
    while house.pages[0].can_undo(false) {
        house.edit(0, |page| page.undo(false));
        undone += 1;
    }
    assert_eq!(undone, done[0], "every act is one step");
    assert_eq!(
        own(house.server.room.document(), 1),
        (String::new(), Vec::new()),
        "all of A's is gone"
    );
    assert_eq!(
        own(house.server.room.document(), 2),
        others,
        "nothing of B's is touched"
    );
    while house.pages[0].can_undo(true) {
        house.edit(0, |page| page.undo(true));
    }
    assert_eq!(own(house.server.room.document(), 1), before, "and all is back");
    assert_eq!(
        house.pages[1].document().state_vector(),
        house.server.room.document().state_vector()
    );
    assert_eq!(house.pages[0].saved(), Saved::Saved);
}

#[test]
fn two_pages_of_one_person_do_not_take_each_others_words() {
    let mut house = House::new(&[1, 1]);
    house.edit(0, |page| page.set_opinion("左肺上叶"));
    house.pages[0].tick(9_000);
    house.edit(0, |page| page.set_opinion("左肺上叶结节"));
    house.edit(1, |page| page.set_opinion("考虑：左肺上叶结节"));
    house.edit(0, |page| page.undo(false));
    assert_eq!(house.server.room.document().opinion(account(1)), "考虑：左肺上叶");
    house.edit(0, |page| page.undo(true));
    assert_eq!(
        house.server.room.document().opinion(account(1)),
        "考虑：左肺上叶结节"
    );
    // An annotation that the other page changed since is left alone.
    house.edit(0, |page| page.put_annotation("a", &length()));
    let changed = Annotation {
        label: "b".to_owned(),
        ..length()
    };
    house.edit(1, |page| page.put_annotation("a", &changed));
    house.edit(0, |page| page.undo(false));
    assert_eq!(
        house.server.room.document().annotation(account(1), "a"),
        Some(changed)
    );
}

#[test]
fn a_right_that_has_gone_is_not_undone_around() {
    let mut house = House::new(&[1]);
    house.edit(0, |page| page.put_annotation("a", &length()));
    let rights = RoomRights {
        annotate: false,
        ..RIGHTS
    };
    house.pages[0].on_frame(&frame::server_frame(&ServerFrame::Rights { rights }));
    assert_eq!(house.pages[0].undo(false), Err(EditError::NotAllowed));
    assert!(house.server.room.document().annotation(account(1), "a").is_some());
}
