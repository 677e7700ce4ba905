"""Left-behind children (留守儿童, R62): proposed by evidence, decided by a person, counted beside the migrant ones."""
