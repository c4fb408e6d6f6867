//! Texts of the frame around every page, of signing in and of the error page.

super::texts! {
    /// The frame of every page.
    pub struct Common {
        brand: "Consilium", "Consilium";
        navigation: "主导航", "Main navigation";
        skip: "跳到正文", "Skip to content";
        worklist: "工作台", "Worklist";
        start_consultation: "发起会诊", "Start a consultation";
        language: "语言", "Language";
        chinese: "中文", "中文";
        english: "English", "English";
        sign_out: "退出", "Sign out";
        urgent: "加急", "Urgent";
        minor: "未成年人保护", "Minor, protected";
        infectious: "传染病，加强保护", "Infectious, protected";
        years: "{} 岁", "{} y";
        months: "{} 个月", "{} mo";
        lead: "牵头", "Lead";
        request_id: "请求编号", "Request id";
        copied: "已复制", "Copied";
        no: "不，返回", "No, go back";
        required: "必填", "required";
        working: "正在处理", "Working";
        done: "已完成", "Done";
        late: "谁逾期了", "Who is late";
        notices: "通知", "Notices";
        unread: "{} 条未读通知", "{} unread notices";
        transfers: "交换记录", "Transfers";
        rooms: "会诊室运行", "Live rooms";
        back: "返回会诊", "Back to the consultation";
        save: "保存", "Save";
        close: "关闭", "Close";
        length_minutes: "{} 分钟", "{} min";
        length_hours: "{} 小时 {} 分", "{} h {} min";
        none: "未填写", "Not given";
        left_days_hours: "还有 {} 天 {} 小时", "{} d {} h left";
        left_hours_minutes: "还有 {} 小时 {} 分", "{} h {} min left";
        left_minutes: "还有 {} 分钟", "{} min left";
        over_days_hours: "已过 {} 天 {} 小时", "{} d {} h over";
        over_hours_minutes: "已过 {} 小时 {} 分", "{} h {} min over";
        over_minutes: "已过 {} 分钟", "{} min over";
        zone: "北京时间", "UTC+08:00";
        separator: "、", ", ";
        colon: "：", ": ";
    }
}

super::texts! {
    /// The sign-in page.
    pub struct SignInTexts {
        title: "登录", "Sign in";
        lead: "多家医院，一次会诊。", "Several hospitals, one consultation.";
        lead_more: "同看一套影像，各自留下署名意见，由牵头机构签发报告。",
            "Look at the same images, each leave a signed opinion, and let the lead institution sign the report.";
        username: "用户名", "User name";
        password: "密码", "Password";
        totp: "动态口令", "Dynamic code";
        totp_hint: "身份验证器上的 6 位数字，每 30 秒更换。", "Six digits from your authenticator, new every 30 seconds.";
        submit: "登录", "Sign in";
        refused: "未能登录。请核对用户名、密码和动态口令；连续 5 次不符，账号锁定 1 小时。",
            "Sign-in was refused. Check user name, password and code; five misses in a row lock the account for one hour.";
    }
}

super::texts! {
    /// The error page.
    pub struct ErrorTexts {
        title: "无法显示此页", "This page cannot be shown";
        not_found: "没有找到此页", "Page not found";
        forbidden: "没有权限", "Not allowed";
        internal: "系统出错", "Something went wrong here";
        kept: "已保存的内容不受影响。", "What was saved is not affected.";
        help: "需要协助时，请把请求编号告知管理员。", "When you ask for help, quote the request id.";
        back: "回到工作台", "Back to the worklist";
    }
}
