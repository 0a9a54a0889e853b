namespace OpenVdi.Testing.Tests.Mtf;

/// <summary>The bytes of a set map, and where its entries begin.</summary>
internal sealed class SetMapImage
{
    public List<byte> Bytes { get; } = [];

    public List<int> EntryStarts { get; } = [];

    public List<int> VolumeStarts { get; } = [];

    public void Set(int at, params byte[] bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            Bytes[at + i] = bytes[i];
        }
    }

    /// <summary>Begins with the family's id and the number of entries.</summary>
    public void Begin(byte[] familyId, int count) => Bytes.AddRange([.. familyId, .. BitConverter.GetBytes((ushort)count), 0, 0]);

    public void AddSet(Part sset, byte[] pba, byte[] mediaSequence, int directories, int files, int corrupt, int volumes)
    {
        EntryStarts.Add(Bytes.Count);
        byte[] entry = new byte[91];
        void Put(int at, byte[] bytes) => bytes.CopyTo(entry, at);
        Put(2, mediaSequence);
        Put(8, sset.Field(52, 4));
        Put(12, pba);
        Put(30, sset.Field(62, 2));
        Put(40, BitConverter.GetBytes(directories));
        Put(44, BitConverter.GetBytes(files));
        Put(48, BitConverter.GetBytes(corrupt));
        Put(60, BitConverter.GetBytes((ushort)volumes));
        Put(80, sset.Field(88, 5));
        Put(85, sset.Field(95, 1));
        (entry[86], entry[87], entry[88]) = (14, 1, 2);
        Close(entry, [(64, sset.TextAt(64)), (72, sset.TextAt(68)), (76, sset.TextAt(76))]);
    }

    public void AddVolume(Part volume)
    {
        VolumeStarts.Add(Bytes.Count);
        byte[] entry = new byte[61];
        "VOLB"u8.CopyTo(entry.AsSpan(2));
        volume.Field(52, 4).CopyTo(entry, 36);
        volume.Field(68, 5).CopyTo(entry, 56);
        Close(entry, [(40, volume.TextAt(56)), (44, volume.TextAt(60)), (48, volume.TextAt(64))]);
    }

    private void Close(byte[] entry, (int At, byte[] Bytes)[] texts)
    {
        int length = entry.Length;
        foreach ((int at, byte[] bytes) in texts)
        {
            BitConverter.GetBytes((ushort)bytes.Length).CopyTo(entry, at);
            BitConverter.GetBytes((ushort)length).CopyTo(entry, at + 2);
            length += bytes.Length;
        }

        BitConverter.GetBytes((ushort)length).CopyTo(entry, 0);
        Bytes.AddRange([.. entry, .. texts.SelectMany(text => text.Bytes)]);
    }
}
