"""PyTorch on a CPU or a GPU: device, forward pass with every intermediate, gradients, arithmetic of one number, training."""
