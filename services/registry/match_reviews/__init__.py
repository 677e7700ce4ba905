"""Reviews (疑似待核): two children who may be one, as matching doubts it, for civil affairs of both places to decide."""
