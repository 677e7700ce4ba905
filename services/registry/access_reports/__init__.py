"""The yearly report on access to minors' data (未成年人个人信息访问年度报告), made of the audit trail and reconciled to it."""
