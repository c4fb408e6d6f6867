//! Every limit of queues, bodies, rooms and loops, in one place.

/// Largest JSON body of an ordinary route, bytes.
pub const JSON_BODY_BYTES: usize = 256 * 1024;
/// Largest FHIR bundle accepted for import, bytes.
pub const FHIR_BODY_BYTES: usize = 16 * 1024 * 1024;
/// Largest single DICOM instance, bytes.
pub const DICOM_BODY_BYTES: usize = 512 * 1024 * 1024;
/// Most rows of one list page.
pub const PAGE_ROWS_MAX: u32 = 200;
/// Rows of a list page when nothing is asked.
pub const PAGE_ROWS_DEFAULT: u32 = 50;
/// Most participant institutions of one consultation.
pub const PARTICIPANTS_MAX: usize = 64;
/// Longest diagnosis, characters.
pub const DIAGNOSIS_CHARS: usize = 200;
/// Longest consultation need or clinical summary, characters.
pub const NEED_CHARS: usize = 2000;
/// Longest opinion, characters (DE06.00.018.00).
pub const OPINION_CHARS: usize = 2000;
/// Longest conclusion, characters.
pub const CONCLUSION_CHARS: usize = 2000;
/// Longest follow-up advice, characters (DE06.00.159.00).
pub const ADVICE_CHARS: usize = 1000;
/// Longest reason (decline, waiver, cancel), characters.
pub const REASON_CHARS: usize = 500;
/// Longest file name kept, characters.
pub const FILE_NAME_CHARS: usize = 200;
/// Most instances of one consultation.
pub const INSTANCES_MAX: u64 = 20_000;

/// Failed sign-ins that lock an account (clause 8.1.1).
pub const SIGN_IN_FAILURES_MAX: i32 = 5;
/// How long a locked account stays locked, ms (clause 8.1.1).
pub const LOCK_MS: i64 = 60 * 60 * 1000;
/// A session ends this long after the last request, ms.
pub const SESSION_IDLE_MS: i64 = 60 * 60 * 1000;
/// A session ends this long after sign-in in any case, ms.
pub const SESSION_ABSOLUTE_MS: i64 = 10 * 60 * 60 * 1000;
/// Live sessions of one account.
pub const SESSIONS_PER_ACCOUNT: u64 = 8;
/// Password checks running at once (each takes 46 MiB).
pub const PASSWORD_CHECKS_AT_ONCE: usize = 2;
/// Password checks waiting; more are refused with 503.
pub const PASSWORD_CHECKS_WAITING: usize = 64;
/// A live-room ticket is good for this long, ms.
pub const TICKET_MS: i64 = 60 * 1000;

/// Connections in one room.
pub const ROOM_CONNECTIONS: usize = 200;
/// Largest live frame, bytes.
pub const ROOM_FRAME_BYTES: usize = 1024 * 1024;
/// Largest room document, bytes of encoded state.
pub const ROOM_DOCUMENT_BYTES: usize = 20 * 1024 * 1024;
/// Frames waiting for one connection before it is closed with `TOO_SLOW`.
pub const ROOM_QUEUE_FRAMES: usize = 256;
/// Bytes waiting for one connection before it is closed with `TOO_SLOW`.
pub const ROOM_QUEUE_BYTES: usize = 1024 * 1024;
/// Commands waiting for one room's actor.
pub const ROOM_MAILBOX: usize = 1024;
/// Largest awareness state of one client, bytes of JSON.
pub const AWARENESS_BYTES: usize = 16 * 1024;
/// Log entries after which a snapshot is written.
pub const SNAPSHOT_EVERY: u64 = 500;
/// A room without connections leaves memory after this long, ms.
pub const ROOM_IDLE_MS: u64 = 60 * 1000;
/// The server pings this often, ms.
pub const PING_MS: u64 = 20 * 1000;
/// A connection silent for this long is dead, ms.
pub const DEAD_MS: u64 = 45 * 1000;
/// Document updates a connection may send a second, sustained.
pub const UPDATES_PER_SECOND: u32 = 60;
/// Awareness frames a connection may send a second, sustained; more are dropped.
pub const AWARENESS_PER_SECOND: u32 = 60;
/// Frames of our own (call, signalling) a connection may send a second, sustained.
pub const SIGNALS_PER_SECOND: u32 = 60;
/// Connections in a room from which on changes and pointers are sent in bundles.
pub const BATCH_CONNECTIONS: usize = 20;
/// Changes of such a room are written and sent this often, ms.
pub const BATCH_MS: u64 = 20;
/// Pointers of such a room are sent this often, ms.
pub const AWARENESS_BATCH_MS: u64 = 50;
/// Pointers of a smaller room are sent this often at most, ms.
pub const AWARENESS_SMALL_BATCH_MS: u64 = 33;
/// Live connections of one account, over all rooms.
pub const CONNECTIONS_PER_ACCOUNT: usize = 16;
/// People in one call: everybody sends to everybody.
pub const CALL_PEERS: usize = 6;
/// Largest WebRTC description or candidate, bytes.
pub const SIGNAL_BYTES: usize = 64 * 1024;
/// Addresses of STUN and TURN servers in the settings.
pub const ICE_SERVERS_MAX: usize = 8;
/// Credentials for TURN servers that are made from a shared secret last this long, ms: the longest session.
pub const TURN_CREDENTIAL_MS: i64 = 12 * 60 * 60 * 1000;
/// Rooms shown to operators on one page.
pub const ROOMS_SHOWN: usize = 500;
/// Somebody who watches the rooms is recorded this often, ms.
pub const WATCH_RECORD_MS: i64 = 60 * 60 * 1000;
/// A page asks for what it may have missed this often, ms.
pub const DIGEST_MS: u64 = 10 * 1000;
/// A page looks this often whether an edit waits for its acknowledgement, ms; at the second look it asks.
pub const OVERDUE_MS: u64 = 3 * 1000;
/// What a page keeps on its device is good for this long, ms.
pub const LOCAL_COPY_MS: i64 = 24 * 60 * 60 * 1000;
/// Log entries in one answer of the room's history.
pub const HISTORY_PAGE: u64 = 1000;
/// A question of the session is to be answered within this long unless it says otherwise, ms.
pub const QUESTION_MS: i64 = 30 * 60 * 1000;
/// Longest question and longest answer, characters.
pub const QUESTION_CHARS: usize = 2000;
/// Shortest and longest time to answer a question, minutes.
pub const QUESTION_MINUTES: (u32, u32) = (5, 24 * 60);
/// Things one answer points at.
pub const ANSWER_CITES: usize = 20;
/// Longest reference of a citation, characters.
pub const CITE_REFERENCE_CHARS: usize = 300;
/// Longest text of a citation, characters.
pub const CITE_CHARS: usize = 200;
/// Largest document or picture added in a session, bytes.
pub const ATTACHMENT_BYTES: usize = 20 * 1024 * 1024;
/// Documents and pictures of one consultation.
pub const ATTACHMENTS_MAX: u64 = 200;
/// Images that came in session make the next version of the package once none has come for this long, ms.
pub const SUPPLEMENT_QUIET_MS: u64 = 1_000;
/// They do so after this long even when more keep coming, ms.
pub const SUPPLEMENT_LATEST_MS: u64 = 30_000;
/// Largest file of opinion templates, bytes.
pub const TEMPLATES_BYTES: usize = 1024 * 1024;
/// Open questions of one consultation.
pub const QUESTIONS_OPEN: usize = 200;

/// Fields one account may see in clear within an hour.
pub const UNMASKINGS_PER_HOUR: u64 = 20;
/// A field in clear fades from the screen after this long, ms.
pub const UNMASKED_SHOWN_MS: i64 = 60 * 1000;
/// Cases reduced in one round of the retention job.
pub const REDUCTIONS_BATCH: u64 = 50;

/// Rows of one submission.
pub const SUBMISSION_ROWS: usize = 10_000;
/// Longest key of a row, bytes: with all rows of a submission its message stays below [`MESSAGE_BYTES`].
pub const ROW_KEY_BYTES: usize = 128;
/// Largest body of a submission, bytes.
pub const SUBMISSION_BODY_BYTES: usize = 32 * 1024 * 1024;
/// Items of one data request.
pub const REQUEST_ITEMS: usize = 50;
/// Longest description of one item of a request, characters.
pub const ITEM_CHARS: usize = 200;
/// Largest scanned consent form, bytes.
pub const CONSENT_FORM_BYTES: usize = 20 * 1024 * 1024;
/// Messages one delivery round takes up.
pub const OUTBOX_BATCH: u64 = 200;
/// Deliveries of different consultations running at once.
pub const DELIVERIES_AT_ONCE: usize = 8;
/// Largest exchange message, bytes of JSON.
pub const MESSAGE_BYTES: usize = 4 * 1024 * 1024;
/// Live notice streams of one account.
pub const NOTICE_STREAMS: usize = 8;
/// Notices one account keeps; older read ones go.
pub const NOTICES_KEPT: u64 = 1_000;

/// Bytes of an upload sealed, synced and acknowledged at a time.
pub const UPLOAD_PIECE_BYTES: usize = 4 * 1024 * 1024;
/// Pieces one upload may come in.
pub const UPLOAD_PIECES: i32 = 16_384;
/// Parts one upload may be put together from.
pub const UPLOAD_PARTS: usize = 64;
/// Longest `Upload-Metadata`, bytes.
pub const UPLOAD_METADATA_BYTES: usize = 4 * 1024;
/// Uploads one account may have under way.
pub const UPLOADS_PER_ACCOUNT: u64 = 64;
/// Bytes the unfinished uploads of one account may announce.
pub const UPLOADS_ACCOUNT_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// Bytes all unfinished uploads may announce.
pub const UPLOADS_TOTAL_BYTES: u64 = 64 * 1024 * 1024 * 1024;
/// An upload ends this long after it was begun, ms.
pub const UPLOAD_MS: i64 = 24 * 60 * 60 * 1000;
/// An upload that is over still answers that it is gone for this long, ms.
pub const UPLOAD_REMEMBERED_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// A sender silent for this long has gone away, ms.
pub const UPLOAD_SILENCE_MS: u64 = 60 * 1000;
/// How long a request waits for an earlier one to let go of the upload, ms.
pub const UPLOAD_HANDOVER_MS: u64 = 10 * 1000;
/// Contents of complete uploads held in memory at once.
pub const UPLOADS_TAKEN_AT_ONCE: usize = 2;
/// Times the content of a complete upload is tried when something fails on our side.
pub const UPLOAD_ATTEMPTS: i32 = 3;
/// Uploads one round of the upload job looks at.
pub const UPLOADS_BATCH: u64 = 200;
