package view

import "drawdown/internal/books"

// EstimateReviewConnection is a page of reviews.
type EstimateReviewConnection = Connection[books.EstimateReview]

// EstimateReviewEdge is a review of a page.
type EstimateReviewEdge = Edge[books.EstimateReview]
