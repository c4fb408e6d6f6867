//! Texts of the case package and of the consent page.

super::texts! {
    /// The case package.
    pub struct PackageTexts {
        title: "病例资料包", "Case package";
        lead: "本次会诊的全部数据：完整率、准确性、一致性、及时性，逐项可查。", "All data of the consultation: completeness, accuracy, consistency, timeliness, down to the element.";
        none_title: "还没有资料包", "No package yet";
        none_teach: "牵头机构“汇总并校验”后，各机构的数据合成一份带版本的资料包；完整率达到 99 % 即可固定。", "When the lead puts it together and checks it, the data of all institutions becomes one versioned package; at 99 % core completeness it can be frozen.";
        version: "第 {} 版", "Version {}";
        versions: "版本", "Versions";
        frozen_at: "{} 固定", "frozen {}";
        created_at: "{} 汇总", "put together {}";
        stale: "此后又有数据变更。重新汇总会产生新的版本。", "Data has changed since. Putting it together again makes a new version.";
        validate: "汇总并校验", "Put together and check";
        freeze: "固定资料包", "Freeze the package";
        freeze_question: "固定后内容不再改变；以后的补充会成为新的版本。", "Once frozen it no longer changes; later data makes a new version.";
        complete: "核心数据完整率达到 99 %", "Core completeness reaches 99 %";
        incomplete: "核心数据完整率未达 99 %，还差 {} 项", "Core completeness is below 99 %: {} elements short";
        overridden: "牵头机构说明原因后继续：{}", "The lead went on with this reason: {}";
        scores: "质量评分", "Quality scores";
        score_of: "范围", "Of";
        whole: "全部", "Everything";
        core: "核心完整率", "Core complete";
        non_core: "其他完整率", "Others complete";
        consistent: "一致性", "Consistent";
        errors: "差错率", "Errors";
        in_time: "30 分钟内到达", "Within 30 min";
        delay: "延迟 P95", "Delay P95";
        gaps: "缺项与错误", "Missing and wrong";
        limits: "要求：核心 ≥ 99 %，其他 ≥ 95 %，差错 ≤ 0.5 %，30 分钟内到达。", "Asked for: core at least 99 %, others at least 95 %, errors at most 0.5 %, within 30 minutes.";
        counts: "{}/{}", "{}/{}";
        missing: "缺项与错误", "Missing and wrong elements";
        missing_none: "没有缺项，也没有错误。", "Nothing is missing and nothing is wrong.";
        all: "全部", "All";
        column_element: "数据元", "Element";
        column_institution: "机构", "Institution";
        column_what: "问题", "What";
        column_act: "处理", "Act";
        is_core: "核心", "core";
        is_missing: "未提供", "not given";
        whole_row: "整行缺少", "the whole row is missing";
        to_desk: "去资料工作台", "To the data desk";
        conflicts: "机构之间不一致", "Institutions disagree";
        conflict_at: "{} 的值", "value of {}";
        issues_open: "{} 项更正未完成", "{} corrections open";
        contents: "内容", "Contents";
        rows: "{} 行", "{} rows";
        series: "影像序列", "Image series";
        images: "{} 幅", "{} images";
        attachments: "会诊中补充的文件", "Documents added in the session";
        hash: "清单 SHA-256", "Manifest SHA-256";
        hash_none: "固定后生成", "made when it is frozen";
        rules: "脱敏规则", "Masking rules";
        dictionary: "数据元字典", "Data-element dictionary";
        export: "导出", "Export";
        export_json: "FHIR 文档（JSON）", "FHIR document (JSON)";
        export_xml: "FHIR 文档（XML）", "FHIR document (XML)";
        export_plain: "XML", "XML";
        export_hint: "导出的是脱敏后的数据；每次导出都会记入审计。", "The export is masked; every export is audited.";
        exporting: "正在导出", "Exporting";
        exported: "已下载", "Downloaded";
    }
}

super::texts! {
    /// The consent of the patient.
    pub struct ConsentTexts {
        title: "知情同意", "Informed consent";
        lead: "没有有效的同意，不收集、不发送、不查看数据。", "Without consent in force no data is collected, sent or read.";
        status: "登记情况", "On record";
        state: "状态", "State";
        text: "同意书", "Text";
        text_version: "版本", "Version";
        text_missing: "这一版本的全文未在系统中保存，请查看扫描件。", "The text of this version is not stored here; see the scanned form.";
        signer: "签署人", "Signer";
        guardian: "监护人", "Guardian";
        relation: "与患者关系", "Relation";
        phone: "监护人电话", "Guardian's phone";
        purpose: "用途", "Purpose";
        treatment: "诊疗会诊", "Treatment and consultation";
        signed_at: "签署时间", "Signed";
        valid_until: "有效期至", "In force until";
        withdrawn: "{} 撤回：{}", "Withdrawn {}: {}";
        minor: "患者未满 14 周岁，须由监护人签署。", "The patient is under 14: a guardian must sign.";
        form: "签字扫描件", "Scanned form";
        form_none: "还没有上传。PDF、PNG 或 JPEG，最大 20 MiB。", "Not uploaded yet. PDF, PNG or JPEG, up to 20 MiB.";
        form_open: "打开扫描件", "Open the scan";
        form_upload: "上传扫描件", "Upload the scan";
        form_sending: "正在上传 {}", "Uploading {}";
        record: "登记同意", "Record the consent";
        record_lead: "请向患者或监护人说明同意书全文，签字后登记并上传扫描件。", "Explain the text to the patient or guardian; record it once signed and upload the scan.";
        guardian_name: "监护人姓名", "Guardian's name";
        days: "有效期（天）", "In force for (days)";
        days_hint: "不填为 90 天。", "90 days when left empty.";
        sign: "已签署，登记", "Signed: record it";
        propose: "已告知，待签署", "Explained, not signed yet";
        reject: "患者不同意", "The patient does not consent";
        withdraw: "撤回同意", "Withdraw the consent";
        withdraw_reason: "撤回的原因", "Reason for withdrawing";
        withdraw_question: "撤回后立即停止收集和查看数据；已签发的报告保留。", "Collecting and reading stop at once; a signed report is kept.";
        print: "打印同意书", "Print the text";
        sign_line: "签字：                  日期：", "Signature:                  Date:";
    }
}
