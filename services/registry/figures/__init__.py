"""Figures (统计数据): how many children, of which kinds, where, on a day, as known at an instant."""
