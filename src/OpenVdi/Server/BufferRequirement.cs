namespace OpenVdi.Server;

/// <summary>One RequestBuffers: so many buffers of a size, the alignment already made effective (B1, B3).</summary>
internal readonly record struct BufferRequirement(uint SizeBytes, uint AlignmentBytes, uint Count);
