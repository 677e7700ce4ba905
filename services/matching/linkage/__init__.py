"""Record linkage as pure decisions: no I/O, no clock, no framework.

Cast: an *entry* is what one source keeps under one id; its *features* are what it says of a child;
*standard* features are those with the dirt of writing removed; a *person* is a set of entries held
to speak of one child, and its *profile* is everything they say; a *comparison* puts an entry beside
a profile and finds a *level*; a *model* gives each level a weight (Fellegi and Sunter 1969); a
*decision* names each entry's person.

Guaranteed: equal input gives equal decisions; two checksum-valid ID numbers that differ are never
joined; evidence that siblings share (guardians, phones, places, school) never joins anyone by
itself. A record that names nobody joins the only child of its family that bears its very birth date and
sex, until another such child turns up.
"""
