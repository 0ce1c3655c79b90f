"""Sources that are databases, read and never written to.

connection   what a description says: which database, which table or select, by which watermark
one_select   whether a text is one SELECT
session      a connection without a right to write, and what a database says as one sentence
relation     the statements: the columns there are, the newest watermark, the rows
watermark    what the column counts in: moments, dates, numbers
values       values as text, exactly
parts        the rows as they come, in files a later try goes on after
watched      reading that can be left when a line went silent
fetch        a whole fetch: one Parquet file per log, there only when every row came
"""
