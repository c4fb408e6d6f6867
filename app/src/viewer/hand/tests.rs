use super::*;

const PLAIN: Transform = Transform {
    scale_x: 2.0,
    scale_y: 2.0,
    left: 0.0,
    top: 0.0,
};

fn at(id: i32, x: f64, y: f64) -> Touch {
    Touch { id, x, y }
}

fn held(tool: Tool) -> Held {
    Held {
        tool,
        button: Button::Primary,
        space: false,
        may_draw: true,
    }
}

fn point(x: f64, y: f64) -> Point {
    Point { x, y }
}

#[test]
fn a_length_is_pressed_dragged_and_let_go() {
    let mut hand = Hand::default();
    assert_eq!(hand.press(at(1, 10.0, 10.0), held(Tool::Length), &PLAIN), None);
    assert!(!hand.draws());
    assert_eq!(hand.slide(at(1, 11.0, 11.0), &PLAIN), []);
    let stroke = |x, y| Stroke {
        kind: AnnotationKind::Length,
        points: vec![point(5.0, 5.0), point(x, y)],
    };
    assert_eq!(
        hand.slide(at(1, 30.0, 10.0), &PLAIN),
        [Action::Stroke(stroke(15.0, 5.0))]
    );
    assert_eq!(
        hand.slide(at(1, 50.0, 30.0), &PLAIN),
        [Action::Stroke(stroke(25.0, 15.0))]
    );
    assert!(hand.draws());
    assert_eq!(
        hand.lift(at(1, 50.0, 30.0)),
        Some(Action::Finish(stroke(25.0, 15.0)))
    );
    assert!(!hand.is_down());
}

#[test]
fn a_press_without_movement_is_a_click_whatever_the_tool() {
    for tool in Tool::ALL {
        let mut hand = Hand::default();
        hand.press(at(1, 10.0, 12.0), held(tool), &PLAIN);
        assert_eq!(hand.slide(at(1, 11.0, 12.0), &PLAIN), []);
        assert_eq!(
            hand.lift(at(1, 11.0, 12.0)),
            Some(Action::Click { x: 10.0, y: 12.0 })
        );
    }
}

#[test]
fn without_the_right_to_draw_nothing_is_drawn() {
    let mut hand = Hand::default();
    hand.press(
        at(1, 0.0, 0.0),
        Held {
            may_draw: false,
            ..held(Tool::Freehand)
        },
        &PLAIN,
    );
    assert_eq!(
        hand.slide(at(1, 9.0, 4.0), &PLAIN),
        [Action::Window { dx: 9.0, dy: 4.0 }]
    );
    assert_eq!(hand.lift(at(1, 9.0, 4.0)), None);
}

#[test]
fn middle_button_and_space_move_the_picture() {
    for held in [
        Held {
            button: Button::Middle,
            ..held(Tool::Length)
        },
        Held {
            space: true,
            ..held(Tool::Length)
        },
    ] {
        let mut hand = Hand::default();
        hand.press(at(1, 0.0, 0.0), held, &PLAIN);
        assert_eq!(
            hand.slide(at(1, 5.0, -4.0), &PLAIN),
            [Action::Pan { dx: 5.0, dy: -4.0 }]
        );
        assert_eq!(
            hand.slide(at(1, 6.0, -4.0), &PLAIN),
            [Action::Pan { dx: 1.0, dy: 0.0 }]
        );
    }
}

#[test]
fn scrolling_by_drag_keeps_the_rest() {
    let mut hand = Hand::default();
    hand.press(at(1, 0.0, 0.0), held(Tool::Scroll), &PLAIN);
    let mut slices = 0;
    for y in 1..=80 {
        for action in hand.slide(at(1, 0.0, f64::from(y)), &PLAIN) {
            let Action::Scroll(by) = action else {
                panic!("{action:?}")
            };
            slices += by;
        }
    }
    assert_eq!(slices, 10);
}

#[test]
fn a_second_finger_turns_a_stroke_into_a_pinch() {
    let mut hand = Hand::default();
    hand.press(at(1, 100.0, 100.0), held(Tool::Freehand), &PLAIN);
    hand.slide(at(1, 110.0, 100.0), &PLAIN);
    assert_eq!(
        hand.press(at(2, 210.0, 100.0), held(Tool::Freehand), &PLAIN),
        Some(Action::Abort)
    );
    let actions = hand.slide(at(2, 310.0, 100.0), &PLAIN);
    assert_eq!(
        actions,
        [
            Action::Pan { dx: 50.0, dy: 0.0 },
            Action::Zoom {
                x: 210.0,
                y: 100.0,
                factor: 2.0
            }
        ]
    );
    assert_eq!(hand.lift(at(1, 110.0, 100.0)), None);
    assert_eq!(
        hand.slide(at(2, 400.0, 100.0), &PLAIN),
        [],
        "the finger that is left draws nothing"
    );
    assert_eq!(hand.lift(at(2, 400.0, 100.0)), None);
    hand.press(at(3, 0.0, 0.0), held(Tool::Pan), &PLAIN);
    assert_eq!(
        hand.slide(at(3, 4.0, 0.0), &PLAIN),
        [Action::Pan { dx: 4.0, dy: 0.0 }]
    );
}

#[test]
fn escape_gives_the_stroke_up_and_the_rest_of_the_drag_means_nothing() {
    let mut hand = Hand::default();
    hand.press(at(1, 0.0, 0.0), held(Tool::Length), &PLAIN);
    hand.slide(at(1, 50.0, 0.0), &PLAIN);
    assert_eq!(hand.cancel(), Some(Action::Abort));
    assert_eq!(hand.slide(at(1, 90.0, 0.0), &PLAIN), []);
    assert_eq!(hand.lift(at(1, 90.0, 0.0)), None);
    assert_eq!(hand.cancel(), None);
}

#[test]
fn a_region_needs_an_inside_and_is_thinned() {
    let mut hand = Hand::default();
    hand.press(at(1, 0.0, 0.0), held(Tool::Freehand), &PLAIN);
    hand.slide(at(1, 4.0, 0.0), &PLAIN);
    assert_eq!(hand.lift(at(1, 4.0, 0.0)), Some(Action::Abort));

    hand.press(at(1, 0.0, 0.0), held(Tool::Freehand), &PLAIN);
    for step in 0..=400 {
        hand.slide(at(1, f64::from(step) * 0.5, f64::from(step % 3) * 0.1), &PLAIN);
    }
    let Some(Action::Finish(stroke)) = hand.lift(at(1, 200.0, 0.0)) else {
        panic!("not finished")
    };
    assert!(
        (90..=101).contains(&stroke.points.len()),
        "{}",
        stroke.points.len()
    );
}

#[test]
fn a_pointer_the_browser_took_leaves_the_hand_free() {
    let mut hand = Hand::default();
    hand.press(at(7, 0.0, 0.0), held(Tool::Arrow), &PLAIN);
    hand.slide(at(7, 40.0, 0.0), &PLAIN);
    assert_eq!(hand.lost(7), Some(Action::Abort));
    assert!(!hand.is_down());
    hand.press(at(8, 0.0, 0.0), held(Tool::Arrow), &PLAIN);
    assert_eq!(hand.slide(at(8, 40.0, 0.0), &PLAIN).len(), 1);
}

#[test]
fn a_notch_is_a_slice_and_small_turns_add_up() {
    let mut wheel = Wheel::default();
    assert_eq!(wheel.turn(100.0), 1);
    assert_eq!(wheel.turn(-120.0), -1);
    let turned: i32 = (0..100).map(|_| wheel.turn(5.0)).sum();
    assert_eq!(turned, 10);
    assert_eq!(wheel.turn(-49.0), 0);
    assert_eq!(wheel.turn(-1.0), -1);
}
