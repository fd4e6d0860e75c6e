package main

import (
	"context"
	"iter"
)

// page is a page of the journal, with the cursor to go on from behind it.
type page struct {
	entries []Entry
	cursor  string
}

// journal pulls the journal page by page. Keep the cursor when its page is safe on your side,
// and give it next time: entries never change and their numbers have no gaps, so nothing is
// missed and nothing comes twice.
func journal(ctx context.Context, api *client, after *string, size int) iter.Seq2[page, error] {
	return func(yield func(page, error) bool) {
		for {
			answer, err := JournalPage(ctx, api, nil, size, after)
			if err != nil {
				yield(page{}, err)
				return
			}
			info := answer.Entries.PageInfo
			if info.EndCursor == nil {
				return // nothing new
			}
			if !yield(page{answer.Entries.Nodes, *info.EndCursor}, nil) || !info.HasNextPage {
				return
			}
			after = info.EndCursor
		}
	}
}
