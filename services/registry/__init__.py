"""The registry keeps every record, folds records into children and decides who may see what."""
