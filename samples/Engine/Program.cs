// A complete engine, whose database is any file: it writes the file to a backup program's devices, or restores it.
//   Engine backup|restore DATABASE SET
using System.Buffers.Binary;
using OpenVdi;
using OpenVdi.Streaming;
using OpenVdi.Transport;

const int BlockBytes = 512;
if (args is not [("backup" or "restore") and var verb, var database, var set])
{
    Console.Error.WriteLine("usage: Engine backup|restore DATABASE SET");
    return 2;
}

try
{
    await using EngineSession session = await EngineSession.OpenAsync(set);
    await session.ConfigureAsync(verb == "backup" ? EngineOperation.Backup : EngineOperation.Restore);
    using FileStream file = new(
        database, verb == "backup" ? FileMode.Open : FileMode.Create, FileAccess.ReadWrite, FileShare.ReadWrite);

    // Each device carries a slice of the file. A stripe may be slow: all move at once.
    await Task.WhenAll(session.Devices.Select((device, i) => verb == "backup"
        ? Backup(device, file.Length * i / session.Devices.Count, file.Length * (i + 1) / session.Devices.Count)
        : Restore(device)));
    Console.WriteLine($"{verb} of '{database}' is done");
    return 0;
}
catch (Exception failure) when (failure is VirtualDeviceException or IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}

// A device's stream is one block that says which slice it is, then the slice, filled up to whole blocks.
async Task Backup(EngineDevice device, long start, long end)
{
    using FileStream slice = new(database, FileMode.Open, FileAccess.Read, FileShare.ReadWrite) { Position = start };
    byte[] header = new byte[BlockBytes];
    BinaryPrimitives.WriteInt64LittleEndian(header, start);
    BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), end - start);
    await device.WriteAsync(header);
    while (slice.Position < end)
    {
        // The file is read straight into the shared memory; the backup program writes it from there.
        DeviceBuffer buffer = await device.RentBufferAsync();
        int count = (int)Math.Min(buffer.SizeBytes, end - slice.Position);
        await slice.ReadExactlyAsync(buffer.Memory[..count]);
        buffer.Span[count..WholeBlocks(count)].Clear();
        await device.SendAsync(buffer, WholeBlocks(count));
    }

    await device.FlushAsync();
    await device.CloseAsync();
}

async Task Restore(EngineDevice device)
{
    byte[] chunk = new byte[1 << 20];
    await device.ReadExactlyAsync(chunk.AsMemory(0, BlockBytes));
    long start = BinaryPrimitives.ReadInt64LittleEndian(chunk);
    long end = start + BinaryPrimitives.ReadInt64LittleEndian(chunk.AsSpan(8));
    using FileStream slice = new(database, FileMode.Open, FileAccess.Write, FileShare.ReadWrite) { Position = start };
    while (slice.Position < end)
    {
        int count = (int)Math.Min(chunk.Length, end - slice.Position);
        await device.ReadExactlyAsync(chunk.AsMemory(0, WholeBlocks(count)));
        await slice.WriteAsync(chunk.AsMemory(0, count));
    }

    slice.Flush(flushToDisk: true);
    await device.CloseAsync();
}

static int WholeBlocks(int bytes) => (bytes + BlockBytes - 1) / BlockBytes * BlockBytes;
