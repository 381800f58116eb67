package board

// Short makes a board show no more than n jobs.
func Short(b *Board, n int) { b.most = n }
