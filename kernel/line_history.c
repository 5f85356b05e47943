/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The lines before the one being typed. Owns struct line_history for the editor; the oldest of
 * LINE_HISTORY makes room for the newest.
 *
 * Invariant: back <= nr and back <= LINE_HISTORY; line number n (from 0) is in line[n % size].
 */
#include <string.h>
#include "line_edit.h"

static char *recalled(struct line_history *history)
{
	return history->line[(history->nr - history->back) % LINE_HISTORY];
}

void line_history_add(struct line_history *history, const char *line)
{
	char *last = history->line[(history->nr - 1) % LINE_HISTORY];

	history->back = 0;
	if (line[0] == '\0' || (history->nr > 0 && strcmp(line, last) == 0))
		return;
	strcpy(history->line[history->nr % LINE_HISTORY], line);
	history->nr++;
}

const char *line_history_older(struct line_history *history, const char *current)
{
	if (history->back == history->nr || history->back == LINE_HISTORY)
		return NULL;
	if (history->back == 0)
		strcpy(history->typed, current);
	history->back++;
	return recalled(history);
}

const char *line_history_newer(struct line_history *history)
{
	if (history->back == 0)
		return NULL;
	history->back--;
	return history->back == 0 ? history->typed : recalled(history);
}
