"""Posts (岗位): who looks after children in a place, as offices that are filled or vacant, never as persons."""
