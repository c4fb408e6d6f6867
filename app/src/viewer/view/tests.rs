use super::*;
use crate::viewer::stack::{stacks, tests::series};

const STAGE: Stage = Stage {
    width: 800.0,
    height: 600.0,
};

fn two_series() -> Viewing {
    Viewing::new(stacks(&[series(1, 28, 1), series(2, 10, 1)]), STAGE)
}

#[test]
fn opens_in_the_middle_and_scrolls_within_the_series() {
    let mut viewing = two_series();
    assert_eq!(viewing.place(), Place { stack: 0, slice: 14 });
    assert!(viewing.scroll(3) && viewing.forward());
    assert!(viewing.scroll(-1) && !viewing.forward());
    assert!(viewing.scroll(100));
    assert_eq!(viewing.place().slice, 27);
    assert!(!viewing.scroll(1));
}

#[test]
fn each_series_keeps_its_own_window_and_slice() {
    let mut viewing = two_series();
    viewing.set_window(Window {
        centre: 480.0,
        width: 2500.0,
    });
    assert_eq!(viewing.preset(), Some("bone"));
    viewing.show(Place { stack: 1, slice: 2 });
    assert_eq!(viewing.preset(), Some("brain"), "the file's own window");
    viewing.show(Place { stack: 0, slice: 20 });
    assert_eq!(viewing.preset(), Some("bone"));
    viewing.reset();
    assert_eq!((viewing.preset(), viewing.place().slice), (Some("brain"), 20));
}

#[test]
fn a_follower_sees_what_the_presenter_sees() {
    let mut presenter = two_series();
    presenter.show(Place { stack: 1, slice: 7 });
    presenter.zoom(100.0, 100.0, 3.0);
    presenter.drag_window(40.0, -13.0);
    let mut follower = two_series();
    follower.resize(Stage {
        width: 400.0,
        height: 700.0,
    });
    let viewport = presenter.viewport().unwrap();
    assert!(follower.follow(&viewport));
    assert_eq!(follower.viewport().unwrap(), viewport);
    let unknown = Viewport {
        image: ImageRef {
            frame: 9,
            ..viewport.image
        },
        ..viewport
    };
    assert!(!follower.follow(&unknown));
    assert_eq!(follower.viewport().unwrap(), viewport);
}

#[test]
fn nonsense_from_outside_changes_nothing_for_the_worse() {
    let mut viewing = two_series();
    let viewport = viewing.viewport().unwrap();
    let broken = Viewport {
        centre: f64::NAN,
        width: -5.0,
        zoom: f64::INFINITY,
        x: f64::NAN,
        ..viewport
    };
    assert!(viewing.follow(&broken));
    let kept = viewing.viewport().unwrap();
    assert!(kept.width >= 1.0 && kept.zoom == 1.0 && kept.x == 256.0 && kept.centre == 40.0);
}

#[test]
fn a_file_without_a_window_takes_one_from_its_pixels() {
    let mut series = series(1, 1, 1);
    series.instances[0].meta["windows"] = serde_json::json!([]);
    (
        series.instances[0].meta["rows"],
        series.instances[0].meta["columns"],
    ) = (1.into(), 2.into());
    let mut viewing = Viewing::new(stacks(&[series]), STAGE);
    let words = [100_i16, 299].into_iter().flat_map(i16::to_le_bytes).collect();
    let frame = Frame::new(2, 1, true, words).unwrap();
    assert!(viewing.settle(&frame));
    assert_eq!(
        viewing.window(),
        Window {
            centre: 200.0,
            width: 200.0
        }
    );
    assert!(!viewing.settle(&frame));
}

#[test]
fn more_series_do_not_move_the_reader() {
    let mut viewing = two_series();
    viewing.show(Place { stack: 1, slice: 3 });
    viewing.zoom_middle(2.0);
    let before = viewing.viewport();
    viewing.replace_stacks(stacks(&[series(3, 5, 1), series(1, 28, 1), series(2, 10, 1)]));
    assert_eq!(viewing.viewport(), before);
    assert_eq!(viewing.place().stack, 2);
}

#[test]
fn without_images_nothing_breaks() {
    let mut viewing = Viewing::new(Vec::new(), STAGE);
    assert!(viewing.is_empty() && !viewing.scroll(1) && viewing.viewport().is_none());
    viewing.drag_window(1.0, 1.0);
    viewing.pan(1.0, 1.0);
    viewing.reset();
    assert_eq!(viewing.image(), None);
}
