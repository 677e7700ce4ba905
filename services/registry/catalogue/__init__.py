"""The catalogue of government data (政务数据目录): what the hub offers, to whom, on what condition."""
