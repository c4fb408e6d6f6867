//! Texts of a consultation's page.

super::texts! {
    /// One consultation.
    pub struct ConsultationTexts {
        phase_preparation: "准备", "Preparation";
        phase_conduct: "会诊", "Session";
        phase_summary: "总结", "Summary";
        your_move: "轮到您", "Your move";
        waiting_for: "等待：{}", "Waiting for: {}";
        scheduled: "会诊时间", "Session time";
        duration: "时长", "Length";
        participants: "参与机构", "Institutions";
        not_invited: "尚未邀请", "not invited yet";
        due: "答复截止", "Answer due:";
        answered: "答复于 {}", "Answered {}";
        can_provide: "可提供：{}", "Can provide: {}";
        opinion_in: "意见已提交", "Opinion submitted";
        reason: "原因：{}", "Reason: {}";
        clinical: "临床资料", "Clinical data";
        patient: "患者", "Patient";
        platform_id: "患者代码", "Patient code";
        number: "证件号", "Document number";
        phone: "电话", "Phone";
        ethnicity: "民族", "Ethnicity";
        native_place: "籍贯", "Native place";
        wanted: "所需数据", "Data wanted";
        consent: "知情同意", "Consent";
        consent_given: "{}签署，{}", "Signed by: {}, {}";
        consent_missing: "尚未登记", "Not recorded";
        images: "影像", "Images";
        images_empty: "还没有影像。牵头机构和已接受邀请的机构可以上传 DICOM 序列。", "No images yet. The lead and every institution that has accepted can upload DICOM series.";
        slices: "{} 幅", "{} images";
        thumbnail: "{} 缩略图", "Thumbnail of {}";
        opinions: "已提交的意见", "Submitted opinions";
        opinions_empty: "还没有意见。专家在会诊室写好并提交后，会列在这里。", "No opinions yet. They are listed here once the experts have submitted them in the room.";
        signed: "已签名", "Signed";
        signature_broken: "签名不符", "Signature does not match";
        dissent: "保留意见", "Reservation";
        agree: "一致", "Agrees";
        version: "第 {} 版", "Version {}";
        answer_title: "本院是否参加？", "Does your institution take part?";
        answer_move: "本院收到邀请，请答复。", "Your institution is invited; please answer.";
        answer_lead: "请在 {} 前答复，逾期视为未答复。", "Please answer before {}; later the invitation expires.";
        provide: "本院可提供的数据", "Data we can provide";
        accept: "接受邀请", "Accept";
        decline: "谢绝", "Decline";
        decline_reason: "谢绝的原因", "Reason for declining";
        send_decline: "确认谢绝", "Confirm declining";
        cancel_reason: "取消的原因", "Reason for cancelling";
        cancel_question: "取消后不能恢复，已上传的资料保留在记录中。", "Cancelling cannot be undone; what was uploaded stays on record.";
        end_question: "结束后不能再标注；尚未提交的意见仍可提交。", "After the end nothing can be drawn; opinions not yet submitted still can be.";
        working: "正在处理", "Working";
        done: "已完成", "Done";
    }
}

super::texts! {
    /// Uploading images.
    pub struct UploadTexts {
        title: "上传影像", "Upload images";
        hint: "把文件夹或 DICOM 文件拖到这里", "Drop a folder or DICOM files here";
        choose_files: "选择文件", "Choose files";
        choose_folder: "选择文件夹", "Choose a folder";
        progress: "已上传 {} / {}", "{} of {} uploaded";
        finished: "完成：已保存 {} 幅，重复 {} 幅，拒绝 {} 个。", "Done: {} stored, {} were there already, {} refused.";
        refused: "未接收的文件", "Files that were refused";
        stop: "停止", "Stop";
        stopped: "已停止：已保存 {} 幅，其余未上传。", "Stopped: {} stored, the rest not uploaded.";
        confirm_title: "影像中的患者与本例是同一人吗？", "Is the patient in the images the patient of this case?";
        confirm_source: "影像中的患者：{}", "Patient in the images: {}";
        confirm_yes: "是同一人，继续上传", "Yes, the same person";
        confirm_no: "不是，停止上传", "No, stop";

        go_on: "继续上传", "Continue";
    }
}
